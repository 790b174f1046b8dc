package memlimit

import (
	"math"
	"runtime/debug"
	"testing"
	"testing/fstest"
)

func TestLimitFollowsTheControlGroup(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"no control groups", nil, 0},
		{"v2, container", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "104857600\n"}, 90 * mib},
		{"v2, no limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"v2, unit inside of a smaller slice", map[string]string{"proc/self/cgroup": "0::/a.slice/userd.service\n",
			"sys/fs/cgroup/a.slice/userd.service/memory.max": "209715200\n", "sys/fs/cgroup/a.slice/memory.max": "104857600\n"}, 90 * mib},
		{"v1, host's path seen from inside", map[string]string{"proc/self/cgroup": "11:cpu:/docker/1\n4:memory:/docker/1\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "104857600\n"}, 90 * mib},
		{"v1, no limit", map[string]string{"proc/self/cgroup": "4:memory:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
		{"nonsense", map[string]string{"proc/self/cgroup": "nonsense\n0::\n", "sys/fs/cgroup/memory.max": "much\n"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			system := make(fstest.MapFS)
			for name, text := range tt.files {
				system[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got := limitIn(system); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestGOMEMLIMITHasTheLastWord(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "1GiB")
	if limit := Set(); limit != 0 || debug.SetMemoryLimit(-1) != before {
		t.Errorf("set to %d", limit)
	}
	t.Setenv("GOMEMLIMIT", "")
	limit := Set()
	if now := debug.SetMemoryLimit(-1); limit != 0 && now != limit || limit == 0 && now != before && now != math.MaxInt64 {
		t.Errorf("said %d, is %d", limit, now)
	}
}
