// Command sbom prints a CycloneDX bill of materials of a Go binary: the
// modules that Go has recorded in it, and the npm packages whose files it
// embeds. The same input gives the same bytes.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/uuid"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

// bom is the part of CycloneDX 1.6 that is needed here.
type bom struct {
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	SerialNumber string       `json:"serialNumber"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Component component `json:"component"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Properties []property `json:"properties,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

// run is called with a version, a binary, and each package.json of what it embeds.
func run(args []string, out io.Writer) error {
	if len(args) < 3 {
		return errors.New("give a version, a binary and one package.json or more")
	}
	info, err := buildinfo.ReadFile(args[1])
	if err != nil {
		return err
	}
	packages := make(map[string]string)
	for _, path := range args[2:] {
		if err := addNPMPackages(packages, path); err != nil {
			return err
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(newBOM(args[0], info, packages))
}

func newBOM(version string, info *debug.BuildInfo, packages map[string]string) bom {
	program := component{Type: "application", Name: info.Path, Version: version, PURL: "pkg:golang/" + info.Main.Path + "@" + version}
	program.Ref = program.PURL
	parts := []component{library("golang", "stdlib", strings.TrimPrefix(info.GoVersion, "go"))}
	for _, m := range info.Deps {
		c := library("golang", m.Path, m.Version)
		c.Properties = []property{{"go:h1", m.Sum}}
		parts = append(parts, c)
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		parts = append(parts, library("npm", name, packages[name]))
	}
	all := dependency{Ref: program.Ref}
	for _, c := range parts {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	return bom{Format: "CycloneDX", SpecVersion: "1.6", SerialNumber: serial(info.String() + fmt.Sprint(packages)), Version: 1,
		Metadata: metadata{program}, Components: parts, Dependencies: []dependency{all}}
}

func library(kind, name, version string) component {
	url := "pkg:" + kind + "/" + strings.ReplaceAll(name, "@", "%40") + "@" + version
	return component{Type: "library", Ref: url, Name: name, Version: version, PURL: url}
}

// serial is a UUID that what is described decides.
func serial(of string) string {
	sum := sha256.Sum256([]byte(of))
	return "urn:uuid:" + uuid.NewHash(sha256.New(), uuid.NameSpaceURL, sum[:], 5).String()
}

// addNPMPackages adds the packages that a package.json pins for what is
// embedded; those for building it are its devDependencies.
func addNPMPackages(to map[string]string, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var manifest struct{ Dependencies map[string]string }
	err = json.Unmarshal(text, &manifest)
	maps.Copy(to, manifest.Dependencies)
	return err
}
