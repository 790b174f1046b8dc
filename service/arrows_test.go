package service_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/userd/userd/"

// goPackage is what go list says about a package.
type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// within tells whether the package is dir or below it.
func (p goPackage) within(dirs ...string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		return p.ImportPath == module+dir || strings.HasPrefix(p.ImportPath, module+dir+"/")
	})
}

// modulePackages are the packages of this module, without those that npm
// brings along.
func modulePackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Imports,Deps", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatal(err)
		case !strings.Contains(p.ImportPath, "/node_modules/"):
			packages = append(packages, p)
		}
	}
}

// fromStandardLibrary tells the packages that need no module.
func fromStandardLibrary(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// The domain depends on nothing that could pull it towards a transport or an
// engine.
func TestServiceImportsNextToNothing(t *testing.T) {
	for _, p := range modulePackages(t) {
		if p.ImportPath != module+"service" {
			continue
		}
		for _, dep := range p.Deps {
			if !fromStandardLibrary(dep) && dep != "github.com/google/uuid" && !strings.HasPrefix(dep, "golang.org/x/") {
				t.Errorf("service depends on %s", dep)
			}
		}
		return
	}
	t.Error("there is no package service")
}

func TestTransportsDoNotKnowEachOther(t *testing.T) {
	for _, p := range modulePackages(t) {
		for _, dep := range p.Deps {
			other := goPackage{ImportPath: dep}
			if p.within("rest") && other.within("graph") || p.within("graph") && other.within("rest") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
			if p.within("service") && other.within("rest", "graph", "internal", "cmd") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// Each big dependency is known in one place, so that it can be replaced there.
func TestDependenciesHaveTheirPlace(t *testing.T) {
	places := []struct {
		dependency string
		dirs       []string
	}{
		{"github.com/jackc/pgx/", []string{"service/postgres"}},
		{"github.com/99designs/gqlgen/", []string{"graph"}},
		{"github.com/vektah/gqlparser/", []string{"graph"}},
		{"github.com/go-chi/chi/", []string{"rest", "cmd"}},
		{"github.com/tidwall/btree", []string{"service/memory"}},
		{"modernc.org/sqlite", []string{"service/memory/journal"}},
		{"golang.org/x/crypto/", []string{"service"}},
		{"github.com/prometheus/", []string{"internal/telemetry"}},
		{"github.com/golang-jwt/jwt/", []string{"internal/issuer"}},
		{"github.com/MicahParks/", []string{"internal/issuer"}},
		{"github.com/exaring/otelpgx", []string{"service/postgres"}},
		{"go.opentelemetry.io/otel/sdk/", []string{"internal/telemetry"}},
	}
	for _, p := range modulePackages(t) {
		for _, imported := range p.Imports {
			for _, place := range places {
				if strings.HasPrefix(imported+"/", place.dependency) && !p.within(place.dirs...) {
					t.Errorf("%s imports %s, which is for %v", p.ImportPath, imported, place.dirs)
				}
			}
		}
	}
}

// Packages that help tests stay out of the program.
func TestProgramHoldsNoTestPackages(t *testing.T) {
	for _, p := range modulePackages(t) {
		if !p.within("cmd", "rest", "graph", "internal") || p.within("internal/teststore", "internal/asset/assettest") {
			continue
		}
		for _, dep := range p.Deps {
			test := goPackage{ImportPath: dep}
			if dep == "testing" || test.within("service/storetest", "service/servicetest", "service/postgres/postgrestest", "internal/teststore", "internal/asset/assettest") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}
