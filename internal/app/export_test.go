package app

// Undurable lets a test run on a database that keeps nothing.
func Undurable(c Config) Config {
	c.undurable = true
	return c
}
