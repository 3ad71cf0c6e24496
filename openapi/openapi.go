// Package openapi holds the contract, written by hand: openapi.yaml of the HTTP API and asyncapi.yaml of the feed. The Go types, the
// client and the server's interface are made from it (types.yaml, server.yaml).
package openapi

import "embed"

//go:embed openapi.yaml asyncapi.yaml
var documents embed.FS

// HTTP is the contract of the HTTP API (OpenAPI 3.0, YAML).
func HTTP() []byte { return document("openapi.yaml") }

// Feed is the contract of the feed (AsyncAPI, YAML).
func Feed() []byte { return document("asyncapi.yaml") }

func document(name string) []byte {
	text, err := documents.ReadFile(name)
	if err != nil {
		panic(err) // it is compiled in
	}
	return text
}
