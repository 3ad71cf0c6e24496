// Package simulate owns the simulated city: phones that live through a seeded script over the public API and websocket, as load and
// as a soak test, and the checker that holds what the server shows afterwards to what the phones were told.
//
// It knows of the server only what a phone knows: the generated client (package api) and the reference phone (package api/phone).
// Most of its scenes are ordinary duty; the hard moments (moments.go) are rare, and dealt out to the crews so that each is played.
//
// Two things no public route does are asked of an Admin: to give somebody a role and a first password.
package simulate
