package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/userd/userd/service/postgres/postgrestest"
)

// exported are the names of all metrics that servers on a file and on
// PostgreSQL export once each kind of thing has happened.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for _, database := range []string{"file:" + filepath.Join(t.TempDir(), "userd.db"), postgrestest.URL(t)} {
		p, ops := startWithOps(t, "--database-url="+database)
		ask(t, "POST", p.base+"/users", `{"email":"ada@example.com","first_name":"Ada","last_name":"L","password":"notes on the engine"}`)
		ask(t, "POST", p.base+"/graphql", `{"query":"{ users(first: -1) { totalCount } }"}`)
		for line := range strings.Lines(get(t, ops+"/metrics")) {
			if words := strings.Fields(line); words[0] == "#" && words[1] == "TYPE" {
				names[words[2]] = true
			}
		}
	}
	return names
}

var metricName = regexp.MustCompile(`\b(userd|go|process)_[a-z_]+`)

// metricsIn are the names of metrics in an expression, without what histograms
// add to theirs.
func metricsIn(expression string) (names []string) {
	for _, name := range metricName.FindAllString(expression, -1) {
		names = append(names, strings.TrimSuffix(name, "_bucket"))
	}
	return names
}

// expressions are all that the alerts and the dashboard ask Prometheus for.
func expressions(t *testing.T) (all []string) {
	t.Helper()
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../deploy/grafana/userd.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return append(all, string(rules))
}

// A metric that is renamed would leave an alert that never fires.
func TestAlertsAndDashboardNameMetricsThatExist(t *testing.T) {
	// Some appear only once something has gone wrong.
	known := exported(t)
	known["userd_store_failures_total"] = true
	shown := make(map[string]bool)
	for _, expression := range expressions(t) {
		for _, name := range metricsIn(expression) {
			shown[name] = true
			if !known[name] {
				t.Errorf("there is no metric %s", name)
			}
		}
	}
	for name := range known {
		if strings.HasPrefix(name, "userd_") && !shown[name] && name != "userd_change_log_newest" {
			t.Errorf("nothing shows %s", name)
		}
	}
}

// Each alert has a section that says what to do, and a case in which promtool
// sees it fire.
func TestEachAlertIsDocumentedAndTested(t *testing.T) {
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile("../../deploy/prometheus/rules_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		if !strings.Contains(string(docs), "`"+alert[1]+"`") {
			t.Errorf("docs/operations.md does not say what to do at %s", alert[1])
		}
		if !strings.Contains(string(cases), "alertname: "+alert[1]+"\n        exp_alerts:\n          -") {
			t.Errorf("deploy/prometheus/rules_test.yml never sees %s fire", alert[1])
		}
	}
}
