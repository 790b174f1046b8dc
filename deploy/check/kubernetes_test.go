package check

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const dir = "../kubernetes"

// manifests are all of them.
type manifests struct {
	deployment apps.Deployment
	service    core.Service
	autoscaler autoscaling.HorizontalPodAutoscaler
	disruption policy.PodDisruptionBudget
	network    networking.NetworkPolicy
}

// files are what each file has to decode into. Fields that Kubernetes does not
// know, and values of other types, are mistakes.
func (m *manifests) files() map[string]any {
	return map[string]any{"deployment.yaml": &m.deployment, "service.yaml": &m.service, "autoscaler.yaml": &m.autoscaler,
		"disruption.yaml": &m.disruption, "network.yaml": &m.network}
}

func read(t *testing.T) *manifests {
	t.Helper()
	m := new(manifests)
	for name, into := range m.files() {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	return m
}

func TestEveryManifestIsCheckedAndApplied(t *testing.T) {
	m := read(t)
	var kustomization struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Resources  []string `json:"resources"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &kustomization); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(found) != len(kustomization.Resources)+1 || len(found) != len(m.files())+1 {
		t.Errorf("%d files, %d are checked, %d applied, %v", len(found), len(m.files()), len(kustomization.Resources), err)
	}
}

func TestKindsAreWhatTheyDecodeAs(t *testing.T) {
	m := read(t)
	for got, want := range map[string]string{
		m.deployment.APIVersion + " " + m.deployment.Kind: "apps/v1 Deployment",
		m.service.APIVersion + " " + m.service.Kind:       "v1 Service",
		m.autoscaler.APIVersion + " " + m.autoscaler.Kind: "autoscaling/v2 HorizontalPodAutoscaler",
		m.disruption.APIVersion + " " + m.disruption.Kind: "policy/v1 PodDisruptionBudget",
		m.network.APIVersion + " " + m.network.Kind:       "networking.k8s.io/v1 NetworkPolicy",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSelectorsSelectThePods(t *testing.T) {
	m := read(t)
	labels := m.deployment.Spec.Template.Labels
	for name, selector := range map[string]map[string]string{
		"deployment": m.deployment.Spec.Selector.MatchLabels, "service": m.service.Spec.Selector,
		"disruption": m.disruption.Spec.Selector.MatchLabels, "network": m.network.Spec.PodSelector.MatchLabels,
	} {
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s selects %s=%s", name, key, value)
			}
		}
	}
	if target := m.autoscaler.Spec.ScaleTargetRef; target.Kind != m.deployment.Kind || target.Name != m.deployment.Name {
		t.Errorf("what is scaled is %+v", target)
	}
}

func TestPortsThatAreNamedExist(t *testing.T) {
	m := read(t)
	c := m.deployment.Spec.Template.Spec.Containers[0]
	var ports []string
	for _, p := range c.Ports {
		ports = append(ports, p.Name)
	}
	named := []string{m.service.Spec.Ports[0].TargetPort.StrVal}
	for _, probe := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		named = append(named, probe.HTTPGet.Port.StrVal)
	}
	for _, rule := range m.network.Spec.Ingress {
		for _, p := range rule.Ports {
			named = append(named, p.Port.StrVal)
		}
	}
	for _, name := range named {
		if !slices.Contains(ports, name) {
			t.Errorf("there is no port %q", name)
		}
	}
}

func TestPodsAreConfined(t *testing.T) {
	pod := read(t).deployment.Spec.Template.Spec
	c := pod.Containers[0]
	if !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault ||
		*pod.AutomountServiceAccountToken || *c.SecurityContext.AllowPrivilegeEscalation || !*c.SecurityContext.ReadOnlyRootFilesystem ||
		!slices.Equal(c.SecurityContext.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("%+v %+v", pod.SecurityContext, c.SecurityContext)
	}
	if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
		t.Errorf("resources %+v", c.Resources)
	}
}
