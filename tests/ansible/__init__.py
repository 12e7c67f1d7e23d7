"""An installed machine, made by the playbooks and looked at from inside and outside."""
