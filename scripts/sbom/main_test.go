package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	pages   = "../../internal/pages/package.json"
	console = "../../internal/console/app/package.json"
)

func TestBillOfMaterials(t *testing.T) {
	var first, second bytes.Buffer
	if err := run([]string{"1.2.3", os.Args[0], pages, console}, &first); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"1.2.3", os.Args[0], pages, console}, &second); err != nil || first.String() != second.String() {
		t.Errorf("the second time it is another: %v", err)
	}
	var b bom
	if err := json.Unmarshal(first.Bytes(), &b); err != nil {
		t.Fatal(err)
	}
	if b.Format != "CycloneDX" || b.SpecVersion != "1.6" || !strings.HasPrefix(b.SerialNumber, "urn:uuid:") || b.Metadata.Component.Version != "1.2.3" {
		t.Errorf("%+v", b)
	}
	for _, want := range []string{"pkg:golang/stdlib@1", "pkg:golang/github.com/google/uuid@v1", "pkg:npm/graphiql@", "pkg:npm/preact@"} {
		if !strings.Contains(strings.Join(b.Dependencies[0].DependsOn, " "), want) {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(first.String(), "pkg:npm/vite@") {
		t.Error("what only builds is no part of the binary")
	}
	for _, c := range b.Components {
		if c.Name == "" || c.Version == "" || c.PURL != c.Ref {
			t.Errorf("%+v", c)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "package.json")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"1", "nothing", pages}, {"1", os.Args[0], "nothing"}, {"1", os.Args[0], bad}} {
		if err := run(args, new(bytes.Buffer)); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
