package pod

import "time"

// Role is what an account may do. The numbers are PeerTube's.
type Role int

// The roles.
const (
	RoleAdministrator Role = 0
	RoleModerator     Role = 1
	RoleUser          Role = 2
)

// RootName is the name of the first account, the owner's.
const RootName = "root"

// Account is a person with a login on this pod.
type Account struct {
	ID           AccountID
	Name         string // 2-50 of [a-z0-9._]
	DisplayName  string
	Email        string
	Description  string
	Role         Role
	QuotaBytes   int64 // -1 is without limit
	PasswordHash string
	Blocked      bool
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Channel is a named collection of an account's videos. Each account has one at least.
type Channel struct {
	ID          ChannelID
	AccountID   AccountID
	Name        string
	DisplayName string
	Description string
	Support     string
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Session is one login. Only the SHA-256 of each token is kept.
type Session struct {
	ID               uint64
	AccountID        AccountID
	AccessHash       [32]byte
	RefreshHash      [32]byte
	AccessExpiresAt  time.Time
	RefreshExpiresAt time.Time
	CreatedAt        time.Time
}

// OAuthClient is the pair that PeerTube's clients fetch before a login.
type OAuthClient struct {
	ID     string
	Secret string
}
