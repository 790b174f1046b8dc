package bench

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

// keptFrom begins the part of the report that is written by hand, and kept.
const keptFrom = "## What the figures mean"

// write writes the report to a file, and keeps what is there by hand.
func (l *lab) write(path string) error {
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := l.report(string(before))
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// report is the new report, with what the old one has by hand.
func (l *lab) report(before string) (string, error) {
	var b strings.Builder
	b.WriteString("# Performance\n\n`scripts/bench` measures this and writes this page, all but its [last part](#what-the-figures-mean).\n" +
		"The program is the one that a release has; it and what it is compared with run on the same machine as the load, take turns,\n" +
		"and answer the same bytes. Figures are medians over the rounds, and their range.\n\n")
	if l.quick {
		b.WriteString("**This was a quick run, which shows that all can be measured: its figures mean nothing.**\n\n")
	}
	fmt.Fprintf(&b, "- machine: %s\n- parameters: %s\n- live feed: %d subscribers over WebSocket, one in a hundred follows all users, the others one each; %d changes a second for %v\n"+
		"- `QUICK=1 scripts/bench` runs each measurement once, in a minute or two, and writes to another file\n\n## Goals\n\n", machine(), l.shape(), l.subscribers, l.changesASecond, l.feedTime)
	if err := l.table(&b); err != nil {
		return "", err
	}
	b.WriteString("\n## Turns\n\nRequests a second, the server's CPU for each of them, and the p99 of their latency.\n")
	for _, d := range l.details {
		d.table(&b)
	}
	kept := keptFrom + "\n"
	if _, after, found := strings.Cut(before, keptFrom); found {
		kept = keptFrom + after
	}
	return b.String() + "\n" + kept, nil
}

// table writes the goals and what became of them. All must have been measured.
func (l *lab) table(b *strings.Builder) error {
	b.WriteString("| what | goal | median | range | met |\n|---|---:|---:|---:|---|\n")
	for _, g := range l.goals() {
		figures := l.results[g.name]
		if len(figures) == 0 {
			return fmt.Errorf("%s was not measured", g.name)
		}
		sign, verdict := "≥", "yes"
		if g.atMost {
			sign = "≤"
		}
		if !g.met(median(figures)) {
			verdict = "**no**"
		}
		bound := strings.TrimSpace(sign + " " + number(g.bound) + " " + g.unit)
		if g.bound == 0 {
			bound, verdict = "", ""
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", g.name, bound, strings.TrimSpace(number(median(figures))+" "+g.unit), spread(figures), verdict)
	}
	return nil
}

// table writes the medians of each contender.
func (d detail) table(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n| | requests/s | range | CPU, µs | p99, ms |\n|---|---:|---:|---:|---:|\n", d.title)
	for _, name := range d.names {
		var rates, cpus, p99s []float64
		for _, t := range d.turns[name] {
			rates, cpus, p99s = append(rates, t.rate), append(cpus, t.cpu), append(p99s, t.p99)
		}
		cpu, p99 := number(median(cpus)), number(median(p99s))
		if median(p99s) == 0 { // pgbench tells neither
			cpu, p99 = "", ""
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", name, number(median(rates)), spread(rates), cpu, p99)
	}
}

// machine says what the figures were measured on.
func machine() string {
	model := "unknown processor"
	info, _ := os.ReadFile("/proc/cpuinfo") // without it the processor stays unknown
	if _, after, found := strings.Cut(string(info), "model name\t: "); found {
		model, _, _ = strings.Cut(after, "\n")
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // likewise
	return fmt.Sprintf("%d CPUs (%s), Linux %s, %s", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version())
}

// TestReportTellsEachGoal: medians, ranges and verdicts, and what was written by hand.
func TestReportTellsEachGoal(t *testing.T) {
	l := &lab{parameters: parameters{manyUsers: 1000, creators: []int{1}}, results: make(map[string][]float64)}
	if _, err := l.report(""); err == nil {
		t.Error("a report without figures was written")
	}
	for _, g := range l.goals() {
		l.results[g.name] = []float64{3, g.bound, 0.001}
	}
	l.results["binary"] = []float64{34, 36, 38}
	l.results["GET /users/{id}, of bare net/http"] = []float64{0.9, 0.85, 0.8}
	l.details = []detail{{"Reads", []string{"userd"}, map[string][]turn{"userd": {{1000, 5, 20}, {3000, 7, 10}}}}}
	text, err := l.report("# Old\n\n" + keptFrom + "\n\nBy hand.\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| binary | ≤ 35 MB | 36 MB | 34–38 | **no** |\n",
		"| GET /users/{id}, of bare net/http | ≥ 0.85 | 0.85 | 0.8–0.9 | yes |\n",
		"| userd | 2000 | 1000–3000 | 15 | 6 |\n",
		keptFrom + "\n\nBy hand.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "# Old") {
		t.Error("what was generated before is still there")
	}
}
