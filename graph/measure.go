package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// ceiling is where counts stop growing: spreading fragments in fragments
// doubles them with every line, beyond any integer.
const ceiling = 1 << 20

// checkText refuses a text that is longer than allowed, in bytes or in tokens,
// at the cost of reading no more than those. Comments count.
func checkText(text string, l Limits) *gqlerror.Error {
	if len(text) > l.DocumentBytes {
		return exceeds("documentBytes", l.DocumentBytes, "A document has at most %d bytes.")
	}
	lex := lexer.New(&ast.Source{Input: text})
	for n := 0; ; n++ {
		token, err := lex.ReadToken()
		switch {
		case err != nil, token.Kind == lexer.EOF: // the parser will tell about the error
			return nil
		case n == l.Tokens:
			return exceeds("tokens", l.Tokens, "A document has at most %d tokens.")
		}
	}
}

// checkSize refuses a document that is larger than allowed, before anything
// else looks at it. Its cost is linear in what it accepts.
func checkSize(doc *ast.QueryDocument, l Limits) *gqlerror.Error {
	if len(doc.Fragments) > l.Fragments {
		return exceeds("fragments", l.Fragments, "A document defines at most %d fragments.")
	}
	if err := survey(doc).check(l); err != nil {
		return err
	}
	m := newMeasurer(doc)
	if err := m.document(doc).check(l); err != nil {
		return err
	}
	if m.cyclic { // the validator would say so too, but not before rules that may not end well
		return problem(codeInvalidDocument, "A fragment must not spread itself, not even through others.")
	}
	return nil
}

// size tells how big a part of a document is once its fragments are spread.
type size struct {
	fields  int // all fields, at any depth
	root    int // the fields of the selection itself
	aliases int
	depth   int
}

// add makes s the size of both parts, side by side.
func (s *size) add(t size) {
	s.fields = min(s.fields+t.fields, ceiling)
	s.root = min(s.root+t.root, ceiling)
	s.aliases = min(s.aliases+t.aliases, ceiling)
	s.depth = max(s.depth, t.depth)
}

func (s size) check(l Limits) *gqlerror.Error {
	switch {
	case s.depth > l.Depth:
		return exceeds("depth", l.Depth, "Fields nest at most %d levels deep.")
	case s.root > l.RootFields:
		return exceeds("rootFields", l.RootFields, "An operation has at most %d fields at its root.")
	case s.fields > l.Fields:
		return exceeds("fields", l.Fields, "A document has at most %d fields once its fragments are spread.")
	case s.aliases > l.Aliases:
		return exceeds("aliases", l.Aliases, "A document has at most %d aliases once its fragments are spread.")
	}
	return nil
}

// measurer measures each fragment once, however often it is spread.
type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	sizes     map[*ast.FragmentDefinition]size
	open      map[*ast.FragmentDefinition]bool // being measured
	cyclic    bool                             // a fragment spreads itself
}

func newMeasurer(doc *ast.QueryDocument) *measurer {
	m := &measurer{
		fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)),
		sizes:     make(map[*ast.FragmentDefinition]size, len(doc.Fragments)),
		open:      make(map[*ast.FragmentDefinition]bool),
	}
	for _, f := range doc.Fragments {
		if m.fragments[f.Name] == nil { // of two with one name the validator takes the first
			m.fragments[f.Name] = f
		}
	}
	return m
}

// document returns the size of all operations together, with the root of the
// widest. No fragment is larger than that, whether it is used or not: unused
// ones are validated as well.
func (m *measurer) document(doc *ast.QueryDocument) (total size) {
	root := 0
	for _, op := range doc.Operations {
		s := m.selection(op.SelectionSet)
		root = max(root, s.root)
		total.add(s)
	}
	for _, f := range doc.Fragments {
		s := m.fragment(f)
		total.fields = max(total.fields, s.fields)
		total.aliases = max(total.aliases, s.aliases)
		total.depth = max(total.depth, s.depth)
	}
	total.root = root
	return total
}

func (m *measurer) selection(set ast.SelectionSet) (total size) {
	for _, selection := range set {
		switch it := selection.(type) {
		case *ast.Field:
			total.add(m.field(it))
		case *ast.InlineFragment:
			total.add(m.selection(it.SelectionSet))
		case *ast.FragmentSpread:
			total.add(m.spread(it))
		}
	}
	return total
}

func (m *measurer) field(f *ast.Field) size {
	below := m.selection(f.SelectionSet)
	s := size{fields: 1 + below.fields, root: 1, aliases: below.aliases, depth: 1 + below.depth}
	if f.Alias != f.Name {
		s.aliases++
	}
	return s
}

// spread measures what a spread stands for. A fragment that is not there
// counts as one field, so that spreading it is not for nothing.
func (m *measurer) spread(it *ast.FragmentSpread) size {
	if f := m.fragments[it.Name]; f != nil {
		return m.fragment(f)
	}
	return size{fields: 1, root: 1, depth: 1}
}

func (m *measurer) fragment(f *ast.FragmentDefinition) size {
	if s, ok := m.sizes[f]; ok {
		return s
	}
	if m.open[f] {
		m.cyclic = true
		return size{}
	}
	m.open[f] = true
	s := m.selection(f.SelectionSet)
	delete(m.open, f)
	m.sizes[f] = s
	return s
}
