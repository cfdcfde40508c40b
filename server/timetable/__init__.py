"""The timetable: lessons that recur, where and by whom they are taught, and their begin and end."""
