package postgrestest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// RequirePassword makes the server ask for a password, by SCRAM, of whoever
// comes by TCP, and sets that of the user postgres.
func (s *Server) RequirePassword(t testing.TB, password string) {
	t.Helper()
	s.Exec(t, fmt.Sprintf("ALTER USER postgres PASSWORD '%s'", password))
	s.admit(t, "host all all 127.0.0.1/32 scram-sha-256")
}

// RequireTLS makes the server refuse whoever comes by TCP without TLS. Its
// certificate is for the name localhost; the file that is returned has that of
// who signed it.
func (s *Server) RequireTLS(t testing.TB) (caFile string) {
	t.Helper()
	ca, caKey := certificate(t, "test authority", nil, nil)
	leaf, leafKey := certificate(t, "localhost", ca, caKey)
	key, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "server.crt", pemOf("CERTIFICATE", leaf.Raw))
	s.write(t, "server.key", pemOf("PRIVATE KEY", key))
	s.Exec(t, "ALTER SYSTEM SET ssl = on")
	s.admit(t, "hostssl all all 127.0.0.1/32 trust")
	caFile = filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(caFile, []byte(pemOf("CERTIFICATE", ca.Raw)), 0o600); err != nil {
		t.Fatal(err)
	}
	return caFile
}

// admit replaces the rules for who may come by TCP.
func (s *Server) admit(t testing.TB, rule string) {
	t.Helper()
	s.write(t, "pg_hba.conf", "local all all trust\n"+rule+"\n")
	s.Exec(t, "SELECT pg_reload_conf()")
	s.Await(t, rule[:len("host")], "SELECT left(type, 4) FROM pg_hba_file_rules WHERE type <> 'local'")
}

// certificate makes one for name, signed by parent or, without one, by itself.
func certificate(t testing.TB, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name},
		IsCA:     parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// write puts a file in the server's directory, for the server alone.
func (s *Server) write(t testing.TB, name, content string) {
	t.Helper()
	path := filepath.Join(s.Dir, name)
	if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), giveAway(path)); err != nil {
		t.Fatal(err)
	}
}
