package pod

// Categories are PeerTube's, by number.
var Categories = map[int]string{
	1: "Music", 2: "Films", 3: "Vehicles", 4: "Art", 5: "Sports", 6: "Travels", 7: "Gaming", 8: "People", 9: "Comedy",
	10: "Entertainment", 11: "News & Politics", 12: "How To", 13: "Education", 14: "Activism", 15: "Science & Technology",
	16: "Animals", 17: "Kids", 18: "Food",
}

// Licences are PeerTube's, by number.
var Licences = map[int]string{
	1: "Attribution", 2: "Attribution - Share Alike", 3: "Attribution - No Derivatives", 4: "Attribution - Non Commercial",
	5: "Attribution - Non Commercial - Share Alike", 6: "Attribution - Non Commercial - No Derivatives", 7: "Public Domain Dedication",
}

// Privacies are PeerTube's 1 to 5 and ours, by number.
var Privacies = map[Privacy]string{
	PrivacyPublic: "Public", PrivacyUnlisted: "Unlisted", PrivacyPrivate: "Private", PrivacyInternal: "Internal",
	PrivacyPassword: "Password protected", PrivacyFriends: "Friends", PrivacyChosen: "Chosen friends",
}

// States name the states of a video, by number.
var States = map[VideoState]string{StatePublished: "Published", StateToTranscode: "To transcode"}
