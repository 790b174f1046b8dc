package pages_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/userd/userd/internal/asset/assettest"
	"github.com/userd/userd/internal/pages"
)

// pinnedPackages is name and version of each package that package.json takes assets from.
func pinnedPackages(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile("package.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Dependencies map[string]string }
	if err := json.Unmarshal(content, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Dependencies) == 0 {
		t.Fatal("package.json pins nothing")
	}
	return manifest.Dependencies
}

func TestLicencesNameEachPackage(t *testing.T) {
	text := string(assettest.BodyOf(t, assettest.Get(pages.Assets(nil), "/assets/LICENSES.txt")))
	for name, version := range pinnedPackages(t) {
		if title := "\n" + name + " " + version + " ("; !strings.Contains(text, title) {
			t.Errorf("LICENSES.txt has no text under %q", title)
		}
	}
}

func TestLicencesHoldTheTexts(t *testing.T) {
	text := string(assettest.BodyOf(t, assettest.Get(pages.Assets(nil), "/assets/LICENSES.txt")))
	for _, want := range []string{
		"Copyright (c) 2021 GraphQL Contributors",
		"Copyright (c) Facebook, Inc. and its affiliates.",
		"Copyright (c) 2015-present, Rebilly, Inc.",
		"Copyright 2020-2021 SmartBear Software Inc.",
		"TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION",
		"Released under the Apache license 2.0 and Mozilla Public License 2.0", // DOMPurify, inside ReDoc
	} {
		if !strings.Contains(text, want) {
			t.Errorf("LICENSES.txt lacks %q", want)
		}
	}
}
