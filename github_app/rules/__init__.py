"""What is decided: functions of values, with no clock, no chance and no contact with the world."""
