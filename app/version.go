package app

import "runtime/debug"

// version is stamped by the linker (-X github.com/peerpod/peerpod/app.version=…).
var version = ""

// Version is this program's version: the stamp, else the module's, else "devel".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
