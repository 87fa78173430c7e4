"""Many runs: scoring them, reporting on them, putting them in one table."""
