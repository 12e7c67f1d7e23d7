"""What the verdict becomes for people and programs outside the street: lamp and pulse."""
