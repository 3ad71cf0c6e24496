package embedded

import (
	"maps"
	"slices"
)

// Durability stays as Postgres ships it: fsync, full_page_writes and synchronous_commit are on. All clocks speak UTC.
var keeping = map[string]string{
	"listen_addresses":        "",
	"unix_socket_permissions": "0700",
	"timezone":                "UTC",
	"log_timezone":            "UTC",
}

// A throw-away cluster is gone after a crash anyway, so it buys speed with safety, and has room for many parallel tests.
var discarding = map[string]string{
	"fsync":              "off",
	"synchronous_commit": "off",
	"full_page_writes":   "off",
	"wal_level":          "minimal",
	"max_wal_senders":    "0",
	"autovacuum":         "off",
	"max_connections":    "300",
}

func serverArguments(h *home, socket string, extra map[string]string) []string {
	settings := maps.Clone(keeping)
	if h.throwaway != nil {
		maps.Copy(settings, discarding)
	}
	maps.Copy(settings, extra)
	args := []string{"-D", h.cluster(), "-k", socket}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
