"""What crosses between our programs: facts from listen to watch, requests from web to watch."""
