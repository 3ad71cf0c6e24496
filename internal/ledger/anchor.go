package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Anchors is a file outside the database that signed heads are appended to, one JSON string a line. Whoever rewrites the
// database would have to rewrite it too, so keep it (or copies of it) where the database's administrators cannot.
type Anchors string

// Append adds a signed head and returns when the disk has it.
func (a Anchors) Append(signed string) error {
	line, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(string(a), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("anchor the ledger: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Read lists the signed heads of the file, oldest first; a file that does not exist holds none.
func (a Anchors) Read() (signed []string, err error) {
	f, err := os.Open(string(a))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the anchors: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		var head string
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
			return nil, fmt.Errorf("anchors, line %d: %w", n, err)
		}
		signed = append(signed, head)
	}
	return signed, lines.Err()
}
