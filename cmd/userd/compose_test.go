package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	yaml "github.com/oasdiff/yaml3"

	"github.com/userd/userd/service/postgres"
)

// composition is what these tests look at of compose.yaml.
type composition struct {
	Services map[string]struct {
		Environment     map[string]string
		StopGracePeriod string `yaml:"stop_grace_period"`
		Volumes         []string
		Networks        map[string]struct {
			Address string `yaml:"ipv4_address"`
		}
	}
}

func readComposition(t *testing.T) composition {
	t.Helper()
	text, err := os.ReadFile("../../compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var c composition
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestComposeSettingsExist: what compose.yaml tells the copies are settings of
// this program, with values that it takes.
func TestComposeSettingsExist(t *testing.T) {
	c := readComposition(t)
	for i := range copies {
		copied := c.Services[fmt.Sprintf("userd%d", i+1)]
		var environ []string
		for name, value := range copied.Environment {
			environ = append(environ, name+"="+value)
			t.Setenv(name, value)
		}
		if _, err := parse([]string{"serve"}, environ, io.Discard); err != nil {
			t.Errorf("userd%d: %v", i+1, err)
		}
		if server := (postgres.Config{URL: copied.Environment["DATABASE_URL"]}).Server(); server != "postgres:5432/userd" {
			t.Errorf("userd%d keeps users at %s", i+1, server)
		}
		if trusted, proxy := copied.Environment["USERD_TRUSTED_PROXIES"], c.Services["proxy"].Networks["default"].Address; trusted == "" || trusted != proxy {
			t.Errorf("userd%d trusts %q, and the proxy is %q", i+1, trusted, proxy)
		}
		parts := []string{copied.Environment["USERD_DRAIN_DELAY"], copied.Environment["USERD_SHUTDOWN_TIMEOUT"], copied.StopGracePeriod}
		var times []time.Duration
		for _, part := range parts {
			d, err := time.ParseDuration(part)
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, d)
		}
		if times[0] < 4*500*time.Millisecond || times[0]+times[1] >= times[2] {
			t.Errorf("userd%d is ended after %v, having drained for %v and finished for %v", i+1, times[2], times[0], times[1])
		}
	}
}

// TestComposeProxyKnowsTheCopies: the proxy's configuration is whole, and names
// the copies that there are.
func TestComposeProxyKnowsTheCopies(t *testing.T) {
	c := readComposition(t)
	if !slices.ContainsFunc(c.Services["proxy"].Volumes, func(v string) bool { return strings.HasPrefix(v, "./deploy/haproxy.cfg:") }) {
		t.Error("the proxy does not get its configuration")
	}
	text, err := os.ReadFile("../../deploy/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	servers := regexp.MustCompile(`(?m)^    server (\w+) (\w+):8000$`).FindAllStringSubmatch(string(text), -1)
	if len(servers) != copies {
		t.Errorf("the proxy has %d copies", len(servers))
	}
	for _, server := range servers {
		if _, ok := c.Services[server[2]]; !ok {
			t.Errorf("there is no service %s", server[2])
		}
	}
	out, err := exec.Command(needProgram(t, "haproxy"), "-c", "-f", "../../deploy/haproxy.cfg").CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
