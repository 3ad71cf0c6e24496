package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/dutybound/dutybound/internal/demo"
)

type demoCommand struct {
	Server string `help:"Where the server answers." default:"http://127.0.0.1:8080" env:"DUTYBOUND_SERVER"`
	Lang   string `help:"Language of the story: zh or en." env:"LANG"`
}

// Run fails when anything differs from what the law should say.
func (c demoCommand) Run(ctx context.Context) error {
	if u, err := url.Parse(c.Server); err != nil || u.Host == "" {
		return fmt.Errorf("--server %q: needs an address like http://127.0.0.1:8080", c.Server)
	}
	return demo.Run(ctx, c.Server, demo.Cast(), demo.LanguageOf(c.Lang), os.Stdout)
}
