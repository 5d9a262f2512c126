"""Trust measures of attribution maps, one a file: functions of map, image and truth."""
