package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/pelletier/go-toml/v2"

	"github.com/peerpod/peerpod/pod"
)

// Flags are the command line and its environment. A nil field was not given.
type Flags struct {
	Data          *string        `help:"Folder that holds everything the pod owns." placeholder:"DIR" env:"PEERPOD_DATA"`
	Listen        *string        `help:"HTTP: page, REST API, tracker, media (default :9000)." placeholder:"ADDR" env:"PEERPOD_LISTEN"`
	BTListen      *string        `name:"bt-listen" help:"BitTorrent TCP and uTP (default :6881)." placeholder:"ADDR" env:"PEERPOD_BT_LISTEN"`
	PublicURL     *string        `name:"public-url" help:"How others reach this pod (default: found out)." placeholder:"URL" env:"PEERPOD_PUBLIC_URL"`
	Name          *string        `help:"Name of this pod, shown to friends." placeholder:"TEXT" env:"PEERPOD_NAME"`
	FriendPolicy  *string        `help:"ask, invited or open (default ask)." placeholder:"POLICY" env:"PEERPOD_FRIEND_POLICY"`
	Entry         []string       `help:"Pod asked by \"make friends\" when none is given; repeatable." placeholder:"URL" env:"PEERPOD_ENTRY" sep:","`
	Interval      *time.Duration `help:"How often waiting messages are sent to friends (default 1m)." placeholder:"DURATION" env:"PEERPOD_INTERVAL"`
	ScoreInterval *time.Duration `help:"At most one bonus and one malus per friend and interval (default 24h)." placeholder:"DURATION" env:"PEERPOD_SCORE_INTERVAL"`
	Hermetic      *bool          `help:"Nothing leaves for an address that the owner or a friend did not give." env:"PEERPOD_HERMETIC" negatable:""`
	LogFormat     *string        `help:"text or json, to stderr (default text)." placeholder:"FORMAT" env:"PEERPOD_LOG_FORMAT"`
}

// file is config.toml. Its keys are the flags' names; a nil field is not in it.
type file struct {
	Version        *int            `toml:"version"`
	Listen         *string         `toml:"listen"`
	BTListen       *string         `toml:"bt-listen"`
	PublicURL      *string         `toml:"public-url"`
	Hosts          *[]string       `toml:"hosts"`
	Name           *string         `toml:"name"`
	FriendPolicy   *string         `toml:"friend-policy"`
	Entry          *[]string       `toml:"entry"`
	Interval       *duration       `toml:"interval"`
	ScoreInterval  *duration       `toml:"score-interval"`
	Hermetic       *bool           `toml:"hermetic"`
	LogFormat      *string         `toml:"log-format"`
	FFmpeg         *string         `toml:"ffmpeg"`
	STUNServers    *[]string       `toml:"stun-servers"`
	TrustedProxies *[]netip.Prefix `toml:"trusted-proxies"`
	Limits         map[string]any  `toml:"limits"`
}

// configVersion is the newest layout of config.toml that this program reads.
const configVersion = 1

// duration is a time.Duration that is written as text, for example "1m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// Load merges defaults, config.toml, environment and flags, in rising rank, and checks
// the result. Faults are a *ConfigError.
func Load(flags Flags) (Config, error) {
	c := Defaults()
	set(&c.DataDir, flags.Data)
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, &ConfigError{Faults: []string{"data: " + err.Error()}}
	}
	c.DataDir = dir
	if err := c.readFile(filepath.Join(c.DataDir, "config.toml")); err != nil {
		return c, err
	}
	c.applyFlags(flags)
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	c.RootPassword = os.Getenv("PEERPOD_ROOT_PASSWORD")
	return c, c.Validate()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (c *Config) applyFlags(f Flags) {
	set(&c.Listen, f.Listen)
	set(&c.BTListen, f.BTListen)
	set(&c.PublicURL, f.PublicURL)
	set(&c.Name, f.Name)
	set(&c.FriendPolicy, f.FriendPolicy)
	set(&c.Interval, f.Interval)
	set(&c.ScoreInterval, f.ScoreInterval)
	set(&c.Hermetic, f.Hermetic)
	set(&c.LogFormat, f.LogFormat)
	if f.Entry != nil {
		c.Entries = f.Entry
	}
}

func (c *Config) readFile(path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil // no file; a data folder that is none is told when it is opened
	}
	if err != nil {
		return &ConfigError{Faults: []string{"config.toml: " + explainPathError(err)}}
	}
	var f file
	decoder := toml.NewDecoder(bytes.NewReader(dashed(data))).DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return &ConfigError{Faults: tomlFaults(err)}
	}
	return c.applyFile(f)
}

// bareKey is a key at the start of a line, or the name of a table.
var bareKey = regexp.MustCompile(`(?m)^[ \t]*\[?[ \t]*[A-Za-z][A-Za-z_-]*[ \t]*[=\]]`)

// dashed lets people write bt_listen for bt-listen. Lines and columns stay as they are,
// so that messages point to the right place.
func dashed(data []byte) []byte {
	return bareKey.ReplaceAllFunc(data, func(key []byte) []byte { return bytes.ReplaceAll(key, []byte("_"), []byte("-")) })
}

func tomlFaults(err error) []string {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		faults := make([]string, 0, len(strict.Errors))
		for _, e := range strict.Errors {
			row, _ := e.Position()
			faults = append(faults, fmt.Sprintf("config.toml line %d: %s: this key is not known", row, strings.Join(e.Key(), ".")))
		}
		return faults
	}
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, _ := e.Position()
		return []string{fmt.Sprintf("config.toml line %d: %s: %s", row, strings.Join(e.Key(), "."), e.Error())}
	}
	return []string{"config.toml: " + err.Error()}
}

func (c *Config) applyFile(f file) error {
	if f.Version != nil && (*f.Version < 1 || *f.Version > configVersion) {
		return &ConfigError{Faults: []string{fmt.Sprintf("config.toml: version: %d is not known; this program reads version %d", *f.Version, configVersion)}}
	}
	set(&c.Listen, f.Listen)
	set(&c.BTListen, f.BTListen)
	set(&c.PublicURL, f.PublicURL)
	set(&c.Name, f.Name)
	set(&c.FriendPolicy, f.FriendPolicy)
	set(&c.Entries, f.Entry)
	set(&c.Interval, (*time.Duration)(f.Interval))
	set(&c.ScoreInterval, (*time.Duration)(f.ScoreInterval))
	set(&c.Hermetic, f.Hermetic)
	set(&c.LogFormat, f.LogFormat)
	set(&c.FFmpeg, f.FFmpeg)
	set(&c.STUNServers, f.STUNServers)
	set(&c.TrustedProxies, f.TrustedProxies)
	set(&c.Hosts, f.Hosts)
	return setLimits(&c.Limits, f.Limits)
}

// setLimits sets the fields of pod.Limits by their keys.
func setLimits(limits *pod.Limits, values map[string]any) error {
	fields := map[string]reflect.Value{}
	v := reflect.ValueOf(limits).Elem()
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("toml")] = v.Field(i)
	}
	var faults []string
	for key, value := range values {
		field, known := fields[key]
		if !known {
			faults = append(faults, fmt.Sprintf("config.toml: limits.%s: this key is not known", key))
			continue
		}
		if err := setLimit(field, value); err != nil {
			faults = append(faults, fmt.Sprintf("config.toml: limits.%s: %v", key, err))
		}
	}
	if faults != nil {
		return &ConfigError{Faults: faults}
	}
	return nil
}

func setLimit(field reflect.Value, value any) error {
	if field.Type() == reflect.TypeFor[time.Duration]() {
		text, ok := value.(string)
		if !ok {
			return errors.New(`is not a duration in quotes, for example "10s"`)
		}
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("%q is not a duration longer than 0", text)
		}
		field.SetInt(int64(d))
		return nil
	}
	n, ok := value.(int64)
	if !ok || n < 0 {
		return errors.New("is not a whole number of 0 or more")
	}
	field.SetInt(n)
	return nil
}

// ParseFlags reads the command line into target, a struct with Flags in it. Help and
// errors are written to w; ok is false when the program should end with the code.
func ParseFlags(program, about string, target any, args []string, w io.Writer) (command string, code int, ok bool) {
	exited := false
	parser, err := kong.New(target, kong.Name(program), kong.Description(about), kong.Writers(w, w),
		kong.Exit(func(c int) { exited, code = true, c }))
	if err != nil {
		_, _ = fmt.Fprintln(w, err)
		return "", ExitFault, false
	}
	parsed, err := parser.Parse(args)
	if exited {
		return "", code, false // --help was shown
	}
	if err != nil {
		_, _ = fmt.Fprintf(w, "%s: %v\n", program, err)
		return "", ExitConfig, false
	}
	return parsed.Command(), ExitOK, true
}

// explainPathError leaves the path out: the person knows the folder, the log need not.
func explainPathError(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
