package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// Keystore is a phone's keystore that attests keys as Android's does, under a root of its own.
type Keystore struct {
	t         testing.TB
	root, own *x509.Certificate
	rootKey   *ecdsa.PrivateKey
	ownKey    *ecdsa.PrivateKey
	serial    int64
}

// Described is what a keystore says of a key; the zero value but for the challenge is one made in a trusted environment.
type Described struct {
	Challenge string
	Attested  int // one less than the word of the standard, whose 0 is software: 0 is a trusted environment, -1 software, 1 a secure element
	Kept      int // likewise
	Origin    int // 0: made there
	Unsaid    bool
}

// NewKeystore makes one with a batch key below a root.
func NewKeystore(t testing.TB) *Keystore {
	t.Helper()
	k := &Keystore{t: t, serial: 0xa0}
	k.rootKey, k.ownKey = k.key(), k.key()
	k.root = k.sign(k.authority("root"), nil, &k.rootKey.PublicKey, k.rootKey)
	k.own = k.sign(k.authority("batch"), k.root, &k.ownKey.PublicKey, k.rootKey)
	return k
}

// Root is the root's certificate in PEM.
func (k *Keystore) Root() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.root.Raw})
}

// Batch is the serial number, in hexadecimal, of the certificate that keys are attested with.
func (k *Keystore) Batch() string { return k.own.SerialNumber.Text(16) }

// Chain attests a key: its own certificate first, and up to the root.
func (k *Keystore) Chain(key *ecdsa.PublicKey, d Described) [][]byte {
	k.t.Helper()
	leaf := k.sign(k.described(d), k.own, key, k.ownKey)
	return [][]byte{leaf.Raw, k.own.Raw, k.root.Raw}
}

// Vouched is a chain in which an attested key, as an app has it, stands up for another.
func (k *Keystore) Vouched(key *ecdsa.PublicKey, d Described) [][]byte {
	k.t.Helper()
	apps := k.key()
	between := k.described(d)
	between.IsCA, between.BasicConstraintsValid, between.KeyUsage = true, true, x509.KeyUsageCertSign
	own := k.sign(between, k.own, &apps.PublicKey, k.ownKey)
	return [][]byte{k.sign(k.described(d), own, key, apps).Raw, own.Raw, k.own.Raw, k.root.Raw}
}

func (k *Keystore) key() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		k.t.Fatal(err)
	}
	return key
}

func (k *Keystore) authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(10, 0, 0),
	}
}

func (k *Keystore) described(d Described) *x509.Certificate {
	type origin struct {
		Purpose []int `asn1:"explicit,tag:1,set"`
		Origin  int   `asn1:"explicit,tag:702"`
	}
	said, err := asn1.Marshal(struct {
		Version     int
		AttestedBy  asn1.Enumerated
		MintVersion int
		KeptBy      asn1.Enumerated
		Challenge   []byte
		UniqueID    []byte
		Software    struct{}
		Hardware    origin
	}{
		300, asn1.Enumerated(d.Attested + 1), 300, asn1.Enumerated(d.Kept + 1), []byte(d.Challenge), nil,
		struct{}{},
		origin{[]int{2}, d.Origin},
	})
	if err != nil {
		k.t.Fatal(err)
	}
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Android Keystore Key"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(30, 0, 0),
	}
	if !d.Unsaid {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}, Value: said}}
	}
	return c
}

func (k *Keystore) sign(c, above *x509.Certificate, key *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	k.t.Helper()
	if above == nil {
		above = c
	}
	k.serial++
	c.SerialNumber = big.NewInt(k.serial)
	der, err := x509.CreateCertificate(rand.Reader, c, above, key, by)
	if err != nil {
		k.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		k.t.Fatal(err)
	}
	return made
}
