package identity

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Attestors say where a phone's key lives: Android signs, under a key that the maker put into the phone, what the keystore knows of a key
// that it has made. Whose word counts are the roots that the operator has chosen; of phones without such a root nothing is known.
type Attestors struct {
	roots   *x509.CertPool
	revoked map[string]bool // serial numbers in lower-case hexadecimal
}

// The grades of what is known of where a key lives.
const (
	unattested  = "none"
	inSoftware  = "software"
	inTheDevice = "hardware" // in a trusted environment or a secure element: made there, and never out of it
)

// NewAttestors makes them of root certificates (PEM) and, unless it is empty, of the list of revoked certificates as Google publishes it:
// {"entries": {"<serial number in hexadecimal>": {"status": "REVOKED"}}}. Whatever is on the list counts for nothing, suspended or revoked.
func NewAttestors(roots, revoked []byte) (*Attestors, error) {
	a := &Attestors{roots: x509.NewCertPool(), revoked: map[string]bool{}}
	if !a.roots.AppendCertsFromPEM(roots) {
		return nil, errors.New("no certificate in PEM")
	}
	if len(revoked) == 0 {
		return a, nil
	}
	var list struct {
		Entries map[string]struct {
			Status string `json:"status"`
		} `json:"entries"`
	}
	if err := json.Unmarshal(revoked, &list); err != nil {
		return nil, fmt.Errorf("the list of revoked certificates: %w", err)
	}
	if list.Entries == nil {
		return nil, errors.New(`the list of revoked certificates has no "entries"`)
	}
	for serial := range list.Entries {
		a.revoked[plainSerial(serial)] = true
	}
	return a, nil
}

func plainSerial(hex string) string { return strings.TrimLeft(strings.ToLower(hex), "0") }

// keyDescription is what the keystore says of a key, in an extension of the key's certificate.
type keyDescription struct {
	Version     int
	AttestedBy  asn1.Enumerated // where what is said was put together, and
	MintVersion int
	KeptBy      asn1.Enumerated // where the key lives: 0 software, 1 trusted environment, 2 secure element
	Challenge   []byte
	UniqueID    []byte
	Software    asn1.RawValue // what Android vouches for, and
	Hardware    asn1.RawValue // what the place vouches for where the key lives
}

var (
	keyDescribed = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}

	errNoRoots = errors.New("no roots are set")
)

const (
	originTag = 702 // in Hardware
	generated = 0   // by the place where the key lives; others came from outside of it, where they may still be
)

// grade judges the chain of a key, the key's own certificate first. A chain that shows nothing is no reason to turn a phone away: the
// key is graded as if there were none, and why is said.
func (a *Attestors) grade(chain [][]byte, key *ecdsa.PublicKey, fresh func(challenge string) bool, now time.Time) (string, error) {
	if len(chain) == 0 {
		return unattested, nil
	}
	if a == nil {
		return unattested, errNoRoots
	}
	leaf, err := a.verified(chain, now)
	if err != nil {
		return unattested, err
	}
	said, err := description(leaf)
	switch {
	case err != nil:
		return unattested, err
	case !key.Equal(leaf.PublicKey):
		return unattested, errors.New("the certificate is of another key")
	case !fresh(string(said.Challenge)):
		return unattested, errors.New("the challenge is no nonce of this server, or too old")
	}
	return said.grade()
}

// verified is the key's own certificate, if the chain leads to a root. Only that one may speak of a key: a key of an app, which the
// keystore lets sign, cannot vouch for another.
func (a *Attestors) verified(chain [][]byte, now time.Time) (*x509.Certificate, error) {
	var leaf *x509.Certificate
	above := x509.NewCertPool()
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i, err)
		}
		if i == 0 {
			leaf = c
		} else {
			above.AddCert(c)
		}
	}
	paths, err := leaf.Verify(x509.VerifyOptions{
		Roots: a.roots, Intermediates: above, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		for i, c := range path {
			if a.revoked[plainSerial(c.SerialNumber.Text(16))] {
				return nil, fmt.Errorf("the certificate %x is revoked", c.SerialNumber)
			}
			if i > 0 && slices.ContainsFunc(c.Extensions, describesKey) {
				return nil, errors.New("an attested key has signed the certificate of another")
			}
		}
	}
	return leaf, nil
}

func describesKey(e pkix.Extension) bool { return e.Id.Equal(keyDescribed) }

func description(c *x509.Certificate) (said keyDescription, err error) {
	i := slices.IndexFunc(c.Extensions, describesKey)
	if i < 0 {
		return said, errors.New("the certificate does not describe the key")
	}
	rest, err := asn1.Unmarshal(c.Extensions[i].Value, &said)
	if err == nil && len(rest) > 0 {
		err = errors.New("more than one value")
	}
	if err != nil {
		return said, fmt.Errorf("the description of the key: %w", err)
	}
	return said, nil
}

func (d keyDescription) grade() (string, error) {
	level := min(d.AttestedBy, d.KeptBy)
	switch {
	case level < 0 || max(d.AttestedBy, d.KeptBy) > 2:
		return unattested, fmt.Errorf("unknown security level %d, %d", d.AttestedBy, d.KeptBy)
	case level == 0:
		return inSoftware, nil
	}
	origin, err := d.origin()
	if err != nil {
		return unattested, fmt.Errorf("the description of the key: %w", err)
	}
	if origin != generated {
		return inSoftware, errors.New("the key was not made where it lives")
	}
	return inTheDevice, nil
}

// origin is where the key comes from, as the place says where it lives; -1: it does not say.
func (d keyDescription) origin() (int, error) {
	for rest := d.Hardware.Bytes; len(rest) > 0; {
		var entry asn1.RawValue
		var err error
		if rest, err = asn1.Unmarshal(rest, &entry); err != nil {
			return 0, err
		}
		if entry.Class == asn1.ClassContextSpecific && entry.Tag == originTag {
			origin := -1
			_, err = asn1.Unmarshal(entry.Bytes, &origin)
			return origin, err
		}
	}
	return -1, nil
}
