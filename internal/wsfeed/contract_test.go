package wsfeed_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.yaml.in/yaml/v3"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/wsfeed"
	"github.com/dutybound/dutybound/openapi"
)

type schema struct {
	Required   []string
	Properties map[string]schema
	Const      string
	Ref        string `yaml:"$ref"`
}

type contract struct {
	Channels struct {
		Feed struct {
			Messages map[string]any
			Closes   map[int]any `yaml:"x-close-codes"`
		}
	}
	Components struct {
		Messages map[string]struct{ Payload schema }
		Schemas  map[string]schema
	}
}

func readContract(t *testing.T) (c contract) {
	t.Helper()
	if err := yaml.Unmarshal(openapi.Feed(), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContractNamesEveryCloseCode(t *testing.T) {
	t.Parallel()
	written := slices.Sorted(maps.Keys(readContract(t).Channels.Feed.Closes))
	used := []int{
		websocket.CloseGoingAway, websocket.CloseUnsupportedData, websocket.CloseMessageTooBig, websocket.CloseInternalServerErr,
		wsfeed.CloseRevoked, wsfeed.CloseSlow,
	}
	if !slices.Equal(written, used) {
		t.Errorf("written %v, used %v", written, used)
	}
}

// Every message that the server can send has exactly the members that are written down.
func TestMessagesAreAsWritten(t *testing.T) {
	t.Parallel()
	c := readContract(t)
	s := serve(t, feed.Pace{Beat: 5 * time.Millisecond}, nil)
	s.append(north)
	seen := map[string]map[string]any{}
	for query, comes := range map[string]string{"?after=0": "event", "?after=9": "reset"} {
		client := s.dial(s.viewer(north), query)
		for seen[comes] == nil || seen["beat"] == nil { // of which there may be any number first
			var m map[string]any
			if err := client.ReadJSON(&m); err != nil {
				t.Fatal(err)
			}
			seen[m["type"].(string)] = m
		}
	}
	phone := s.viewer(north)
	mine := s.dialMine(phone)
	s.log.Tell(phone.Person)
	s.append(north)
	for seen["message"] == nil {
		var m map[string]any
		if err := mine.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		seen[m["type"].(string)] = m
	}
	if !slices.Equal(slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(c.Channels.Feed.Messages))) {
		t.Errorf("seen %v", slices.Sorted(maps.Keys(seen)))
	}
	for name, m := range seen {
		payload := c.Components.Messages[name].Payload
		if payload.Properties["type"].Const != name {
			t.Errorf("%s is written as %q", name, payload.Properties["type"].Const)
		}
		asWritten(t, name, payload, m)
	}
	asWritten(t, "Event", c.Components.Schemas["Event"], seen["event"]["event"].(map[string]any))
}

func asWritten(t *testing.T, name string, s schema, m map[string]any) {
	t.Helper()
	for _, member := range s.Required {
		if _, there := m[member]; !there {
			t.Errorf("%s lacks %s", name, member)
		}
	}
	for member := range m {
		if _, written := s.Properties[member]; !written {
			text, _ := json.Marshal(m)
			t.Errorf("%s has %s, which is not written: %s", name, member, text)
		}
	}
}
