// Package demo owns the demonstration: a station's worth of invented people put into an empty database, and a morning at that
// station played through the public API, which is also an end-to-end test of what the law should say.
//
// The organs stand in a real district (渝中区, 500103) with codes of the right shape; stations, people and numbers are invented.
package demo
