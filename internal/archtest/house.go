// Package archtest owns the rules about the source itself: which room may import which, what the law core may touch, and what
// must stand nowhere. Its tests hold the repository to them, by reading the files in-process: the answer of `go list` would be
// cached and green after the import had become wrong.
package archtest

// A floor is a set of rooms, that is packages, that may import the floors below and never each other. A room that needs its
// neighbour declares the small interface it needs, and internal/app joins them.
type floor struct {
	name  string
	rooms []string
	leaf  bool // imports nothing of this project
}

// house is the whole project from the roof down; ARCHITECTURE.md draws it and numbers the floors.
var house = []floor{
	{name: "5 program", rooms: []string{"cmd/dutybound"}},
	{name: "4 wiring", rooms: []string{"internal/app"}},
	{name: "3 edges", rooms: []string{
		"internal/httpapi", "internal/postgres", "internal/wsfeed", "internal/live", "internal/push", "internal/push/fcm",
		"internal/embedded", "internal/demo", "internal/simulate", "internal/law/lawcli",
	}},
	{name: "contracts", leaf: true, rooms: []string{"api", "openapi", "migrations"}},
	{name: "2 capabilities", rooms: []string{
		"internal/dispatch", "internal/roster", "internal/feed", "internal/identity", "internal/notify",
		"internal/legal",
		"internal/outbox",
		"internal/safety",
		"internal/shift",
	}},
	{name: "1 records", rooms: []string{"internal/ledger"}},
	{name: "1 proofs", rooms: []string{"internal/law/prove"}},
	{name: "1 accompaniment", rooms: []string{"internal/accompany"}},
	{name: "1 nouns", rooms: []string{"internal/duty"}},
	{name: "0 ground", rooms: []string{"internal/law", "internal/fault"}},
	{name: "signatures", leaf: true, rooms: []string{"api/phone"}}, // what a phone signs and the server reads
}

// testOnly are the packages only tests (and each other) import; they may import anything.
var testOnly = []string{
	"internal/archtest", "internal/testkit", "internal/testkit/feedkit", "internal/testkit/testrun", "internal/law/lawtest",
	"internal/law/naive",
}

// lawMayImport is everything the law core may touch directly: no clock, file, network or randomness, so that a ruling can be made
// again from its facts, years later, and come out the same. (sync is there to read the embedded law once.)
var lawMayImport = []string{
	"bytes", "cmp", "crypto/sha256", "embed", "encoding/hex", "encoding/json", "errors", "fmt", "io", "io/fs", "iter", "maps", "math",
	"math/bits", "path", "regexp", "slices", "sort", "strconv", "strings", "sync", "time", "unicode", "unicode/utf8", "go.yaml.in/yaml/v3",
}

// clockCalls are the names of package time that read the machine's clock or its time zone.
var clockCalls = []string{
	"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep", "Local", "LoadLocation",
}

// A ban keeps an import out of all packages but one.
type ban struct {
	prefix string // of the import path
	except string // the package that may have it
	reason string
}

var bans = []ban{
	{"firebase.google.com/go", "internal/push/fcm", "it takes minutes to compile, so it stays behind one package"},
	{"google.golang.org/api", "internal/push/fcm", "it takes minutes to compile, so it stays behind one package"},
	{"github.com/gofiber/fiber/v2/middleware/filesystem", "", "it ignores Range and serves through fasthttp's file code (GO-2026-4950)"},
	{"github.com/gofiber/fiber/v2/middleware/proxy", "", "its balancer is open to CVE-2026-45045"},
}

// A timer is a file that waits for time to pass, with the test that shows in a bubble (testing/synctest) what its passing does.
type timer struct{ file, test string }

// timers are all that wait for time. Whatever is done again and again is done by duty.Rounds.
var timers = []timer{
	{"internal/duty/rounds.go", "TestARoundIsMadeAtOnceAndAtEveryTick"},
	{"internal/dispatch/watch.go", "TestALeadDecaysToTheSecondThoughNobodyReports"},
	{"internal/dispatch/silence.go", "TestWhatFallsSilentIsLookedForTwiceAMinute"},
	{"internal/dispatch/escalate.go", "TestWhatWaitsForAHeadIsLookedForTwiceAMinute"},
	{"internal/embedded/redis.go", "TestKeysOfTheEmbeddedRedisPassWithinATenthOfASecond"},
	{"internal/feed/hub.go", "TestAnEventWaitsForASecondAtMost"},
	{"internal/feed/sessions.go", "TestAnEndedSessionIsCutWithinThreeSeconds"},
	{"internal/feed/subscription.go", "TestAQuietViewerHearsABeatEveryFifteenSeconds"}, // one viewer's, among all that it waits for
	{"internal/live/wake.go", "TestADeadRedisIsTriedOnceASecond"},                      // after a failure only
	{"internal/outbox/apply.go", "TestAnUploadWaitsForItsTurn"},
	{"internal/postgres/sequencer.go", "TestABatchWaitsForASecondAndNoLonger"}, // it holds a connection, and its batches gather
	{"internal/roster/import.go", "TestAFileWaitsForASecondAtMost"},
	{"internal/safety/sweep.go", "TestWhoSaysNothingIsAskedMissedAndLookedFor"},
	{"internal/shift/end.go", "TestAForgottenShiftIsClosedWithinHalfAMinute"},
	{"internal/shift/turn.go", "TestTheDaysOfPositionsAreTurnedEveryHour"},
}

// timeless are packages and files whose waiting is no business of duty: for processes and ports to come up, and at the other end of the
// public API.
var timeless = []string{
	"cmd/dutybound", "internal/demo", "internal/simulate",
	"internal/embedded/postgres.go", "internal/embedded/fetch.go", "internal/embedded/home.go",
}

// waits are the names of package time that wait.
var waits = []string{"After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Sleep"}

// serveFile are the calls that serve a file through fasthttp v1.51.0 (GO-2026-4950) or look just like them.
var serveFile = []string{"SendFile", "ServeFile", "ServeFileFS", "ServeFS", "Download", "Static"}

// pinned modules stay at exactly this version, for the reason given.
var pinned = []struct{ module, version, reason string }{
	{"github.com/valyala/fasthttp", "v1.51.0", "Fiber v2's own tests fail with newer ones"},
}
