"""Who heard how much of a lesson: live, in the replay, and together without counting twice."""
