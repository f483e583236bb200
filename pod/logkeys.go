package pod

// Keys of log attributes: the same word everywhere, so that a search finds all lines.
const (
	LogPart     = "part"
	LogInfohash = "infohash"
	LogPeer     = "peer"
	LogFriend   = "friend"
	LogVideo    = "video"
	LogAccount  = "account"
	LogURL      = "url"
	LogAddr     = "addr"
	LogPath     = "path"
	LogErr      = "err"
	LogTook     = "took"
	LogRequest  = "request"
	LogMethod   = "method"
	LogRoute    = "route"
	LogStatus   = "status"
	LogCount    = "count"
	LogSize     = "size"
	LogVersion  = "version"
	LogName     = "name"
	LogText     = "text"
)
