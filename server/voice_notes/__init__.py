"""Voice notes: recorded by a student, kept with the lesson, played on air by a teacher."""
