"""One package per site that clipmeter reads."""
