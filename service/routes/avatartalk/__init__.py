"""The API of AvatarTalk for accounts: its shapes and names, over the same orders, jobs and videos."""
