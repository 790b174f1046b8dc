package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// validationRules are GraphQL's own, with the library's rule about values
// replaced by [valuesRule]. Without introspection the suggestions ("Did you
// mean …?") are left out too, for they spell out the schema.
func validationRules(introspection bool) *rules.Rules {
	set := rules.NewDefaultRules()
	set.RemoveRule(rules.ValuesOfCorrectTypeRule.Name)
	add := func(r core.Rule) { set.AddRule(r.Name, r.RuleFunc) }
	add(valuesRule)
	if introspection {
		return set
	}
	for rule, silent := range map[string]core.Rule{
		rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
	} {
		set.RemoveRule(rule)
		add(silent)
	}
	add(noIntrospectionRule)
	return set
}

// noIntrospectionRule refuses to tell the schema, in whatever form. An object's
// __typename is not the schema.
var noIntrospectionRule = core.Rule{
	Name: "NoIntrospection",
	RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
		observers.OnField(func(_ *core.Walker, f *ast.Field) {
			switch f.Name {
			case "__schema", "__type", "_service":
				addError(core.Message("Introspection is switched off."), core.At(f.Position))
			}
		})
	},
}
