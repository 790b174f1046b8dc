package rest

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	yaml "github.com/oasdiff/yaml3"
)

var update = flag.Bool("update", false, "write openapi.json from openapi.yaml")

// TestOpenAPIJSON keeps openapi.json the same as openapi.yaml.
func TestOpenAPIJSON(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal(openAPIYAML, &doc); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := jsontext.NewEncoder(&b)
	if err := writeJSON(enc, doc.Content[0]); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("openapi.json", b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(b.Bytes(), openAPIJSON) {
		t.Error("openapi.json is not what openapi.yaml makes; run go generate ./rest")
	}
}

// writeJSON writes a YAML node as JSON. Unlike a round trip through maps it
// keeps the order, which is that of the documentation pages.
func writeJSON(enc *jsontext.Encoder, n *yaml.Node) error {
	switch n.Kind {
	case yaml.AliasNode:
		return writeJSON(enc, n.Alias)
	case yaml.MappingNode:
		return writeAll(enc, n, jsontext.BeginObject, jsontext.EndObject)
	case yaml.SequenceNode:
		return writeAll(enc, n, jsontext.BeginArray, jsontext.EndArray)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return err
	}
	return json.MarshalEncode(enc, v)
}

func writeAll(enc *jsontext.Encoder, n *yaml.Node, begin, end jsontext.Token) error {
	if err := enc.WriteToken(begin); err != nil {
		return err
	}
	for _, c := range n.Content {
		if err := writeJSON(enc, c); err != nil {
			return err
		}
	}
	return enc.WriteToken(end)
}

func TestServesTheDocument(t *testing.T) {
	s := serve(t)
	for path, want := range map[string]struct{ contentType, body string }{
		"/openapi.json": {"application/json", string(openAPIJSON)},
		"/openapi.yaml": {"application/yaml", string(openAPIYAML)},
	} {
		s.sub(path, func(s *server) {
			p := s.get(path).is(200).has("Content-Type", want.contentType).has("Cache-Control", "no-cache")
			if p.body != want.body {
				s.t.Error("the body is not the document")
			}
			tag := p.header.Get("ETag")
			s.send("GET", path, "", header{"If-None-Match": tag}).is(304).has("ETag", tag)
			s.send("GET", path, "", header{"If-None-Match": "W/" + tag}).is(304)
			s.send("GET", path, "", header{"If-None-Match": `"another"`}).is(200)
			s.send("GET", path, "", header{"If-None-Match": "another"}).refuses(400, "If-None-Match INVALID")
			s.send("HEAD", path, "", nil).is(200).has("ETag", tag)
			s.get(path + "/").is(200)
		})
	}
}
