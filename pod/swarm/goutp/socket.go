package utp
import _ "github.com/anacrolix/utp"
