//go:build !unix

package embedded

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked by another process")

func lockFile(string, int) (*os.File, error) {
	return nil, errors.New("the embedded database needs a unix system; set DATABASE_URL and REDIS_URL instead")
}

func ownFolder(string) error { return nil }

func interrupt([]int) {}
