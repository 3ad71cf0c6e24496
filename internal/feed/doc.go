// Package feed owns what a viewer may see of the sequenced log, and from where: tickets, cursors, and the hub that hands each
// event once to every subscriber in whose reach it lies. It knows no socket and no SQL.
package feed
