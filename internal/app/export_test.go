package app

import "context"

// Undurable lets a test run on a database that keeps nothing.
func Undurable(c Config) Config {
	c.undurable = true
	return c
}

// SweepLeads looks at every lead once, as the service does every few seconds.
func (a *App) SweepLeads(ctx context.Context) error { return a.watch.Sweep(ctx) }
