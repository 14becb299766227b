-- Whether any file of any project names some bytes.
create index file_by_hash on file (hash);
create index upload_by_hash on upload (hash);
