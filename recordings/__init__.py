"""Where the recorder and the replays live; a lesson is not recorded yet."""
