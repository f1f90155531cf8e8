CREATE TABLE fresh_keys (
	object_id INTEGER NOT NULL, 
	attribute TEXT NOT NULL, 
	value TEXT NOT NULL, 
	crm_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (object_id, attribute, value, crm_id), 
	FOREIGN KEY(object_id) REFERENCES objects (id)
)
 WITHOUT ROWID

;
CREATE TABLE held (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	status INTEGER, 
	sent TEXT, 
	message BLOB NOT NULL, 
	schema_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id), 
	FOREIGN KEY(schema_id) REFERENCES schemas (id)
);
CREATE TABLE history (
	id INTEGER NOT NULL, 
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	action TEXT NOT NULL, 
	crm_id TEXT, 
	fields TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	record TEXT, 
	request_id TEXT, 
	reason TEXT DEFAULT '' NOT NULL, 
	changes TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
);
CREATE TABLE intents (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	action TEXT NOT NULL, 
	crm_id TEXT, 
	payload TEXT NOT NULL, 
	keys TEXT NOT NULL, 
	record_hash BLOB, 
	digest TEXT, 
	sent_at FLOAT NOT NULL, 
	server_at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	links TEXT DEFAULT '[]' NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE ledger_version (
	version INTEGER NOT NULL
);
CREATE TABLE links (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	on_source_id TEXT NOT NULL, 
	reason TEXT DEFAULT '' NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (scope_id, source_id, attribute), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE objects (
	id INTEGER NOT NULL, 
	crm TEXT NOT NULL, 
	account TEXT NOT NULL, 
	object TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (crm, account, object)
);
CREATE TABLE records (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	crm_id TEXT, 
	origin TEXT NOT NULL, 
	record_hash BLOB, 
	digest TEXT, 
	written_at FLOAT NOT NULL, 
	run_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE schemas (
	id TEXT NOT NULL, 
	message BLOB NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE scopes (
	id INTEGER NOT NULL, 
	object_id INTEGER NOT NULL, 
	source_name TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (source_name, stream, object_id), 
	FOREIGN KEY(object_id) REFERENCES objects (id)
);
CREATE TABLE seen (
	scope_id INTEGER NOT NULL, 
	version TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, version, source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE TABLE waits (
	scope_id INTEGER NOT NULL, 
	source_id TEXT NOT NULL, 
	stream TEXT NOT NULL, 
	on_source_id TEXT NOT NULL, 
	PRIMARY KEY (scope_id, source_id, stream, on_source_id), 
	FOREIGN KEY(scope_id) REFERENCES scopes (id)
)
 WITHOUT ROWID

;
CREATE INDEX records_by_crm_id ON records (crm_id);
CREATE INDEX held_by_number ON held (number);
CREATE INDEX waits_by_parent ON waits (stream, on_source_id);
CREATE INDEX links_by_parent ON links (stream, on_source_id);
CREATE INDEX history_by_record ON history (scope_id, source_id);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contacts1@example.org"}','2',1.79595586835979318619e+09);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contacts2@example.org"}','3',1.79595587440120291709e+09);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contacts3@example.org"}','4',1.79595586486511015885e+09);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contacts4@example.org"}','6',1.79595586487628149988e+09);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contactsleaver@example.org"}','5',1.79595586487628149988e+09);
INSERT INTO "fresh_keys" VALUES(1,'{find}','{"email":"contactsmatched@example.org"}','1',1795955864.84552);
INSERT INTO "fresh_keys" VALUES(2,'{find}','{"email":"members1@example.org"}','7',1.79595586493284511565e+09);
INSERT INTO "held" VALUES(1,'3',4,'deleting','delete','',NULL,'{"object":"endpoint:contacts","crm_id":4,"scope_id":1,"payload":{"id":3,"name":"contacts 3","email":"contacts3@example.org"}}',X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A20332C20226E616D65223A2022636F6E74616374732033222C2022656D61696C223A2022636F6E746163747333406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','4ab6157db6b2ab3402293495392da343',1.79595587565757870674e+09,'09ca4c7f00584740817bae57f90e7383');
INSERT INTO "held" VALUES(1,'4',5,'deleting','delete','',NULL,'{"object":"endpoint:contacts","crm_id":6,"scope_id":1,"payload":{"id":4,"name":"contacts 4","email":"contacts4@example.org"}}',X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A20342C20226E616D65223A2022636F6E74616374732034222C2022656D61696C223A2022636F6E746163747334406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','4ab6157db6b2ab3402293495392da343',1.79595587567642378805e+09,'09ca4c7f00584740817bae57f90e7383');
INSERT INTO "held" VALUES(1,'bad/ü',1,'rejected','refused','no such name',422,'{"crm_id":null,"payload":{"id":"bad/ü","name":"Bad","email":"contactsbad/ü@example.org","{source}":["contacts","bad/ü",null]},"answer":"{\"error\":\"no such name\"}"}',X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A20226261642F5C7530306663222C20226E616D65223A2022426164222C2022656D61696C223A2022636F6E74616374736261642F5C7530306663406578616D706C652E6F7267227D7D','4ab6157db6b2ab3402293495392da343',1.79595586488889050486e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "held" VALUES(2,'2',2,'waiting','missing_reference','contact: the record of stream contacts is not in the CRM yet',NULL,NULL,X'7B2274797065223A20225245434F5244222C202273747265616D223A20226D656D62657273222C20227265636F7264223A207B226964223A20322C20226E616D65223A20226D656D626572732032222C2022656D61696C223A20226D656D6265727332406578616D706C652E6F7267222C2022636F6E74616374223A20226C617465227D7D','ad197fa040d820a719a5ba7537a02dda',1.79595586490307211873e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "held" VALUES(4,'1',3,'rejected','no_endpoint','It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to append-only to send every version.',NULL,NULL,X'7B2274797065223A20225245434F5244222C202273747265616D223A20226F6E6365222C20227265636F7264223A207B226964223A20312C20226E616D65223A20224368616E676564227D7D','17a34b098369d8c5ac88355cc0851bb1',1.79595587293924045563e+09,'4a298a5fc8cd459a9611709dba743134');
INSERT INTO "history" VALUES(1,1,'matched','d50d6ef5ec5f46359abcb92e082d0495',1795955864.84552,'updated','1','["id","name","title"]','["5dc80c6fcf35333a"]',NULL,NULL,'matched by {find}','[["id",1,"matched"],["name","There before","contacts matched"],["title",null,"Director"]]');
INSERT INTO "history" VALUES(2,1,'1','d50d6ef5ec5f46359abcb92e082d0495',1795955864.84552,'created','2','["id","name","email"]','["d9766a5dd8985889"]',NULL,NULL,'','[["id",null,1],["name",null,"contacts 1"],["email",null,"contacts1@example.org"]]');
INSERT INTO "history" VALUES(3,1,'3','d50d6ef5ec5f46359abcb92e082d0495',1.79595586486511015885e+09,'created','4','["id","name","email"]','["7d845ae4c77ec7ad"]',NULL,NULL,'','[["id",null,3],["name",null,"contacts 3"],["email",null,"contacts3@example.org"]]');
INSERT INTO "history" VALUES(4,1,'2','d50d6ef5ec5f46359abcb92e082d0495',1.79595586486511015885e+09,'created','3','["id","name","email"]','["16185ef563216ec0"]',NULL,NULL,'','[["id",null,2],["name",null,"contacts 2"],["email",null,"contacts2@example.org"]]');
INSERT INTO "history" VALUES(5,1,'leaver','d50d6ef5ec5f46359abcb92e082d0495',1.79595586487628149988e+09,'created','5','["id","name","email"]','["a1f89d8f714d04f6"]',NULL,NULL,'','[["id",null,"leaver"],["name",null,"contacts leaver"],["email",null,"contactsleaver@example.org"]]');
INSERT INTO "history" VALUES(6,1,'4','d50d6ef5ec5f46359abcb92e082d0495',1.79595586487628149988e+09,'created','6','["id","name","email"]','["604409365f4cd876"]',NULL,NULL,'','[["id",null,4],["name",null,"contacts 4"],["email",null,"contacts4@example.org"]]');
INSERT INTO "history" VALUES(7,1,'bad/ü','d50d6ef5ec5f46359abcb92e082d0495',1.79595586488889050486e+09,'rejected',NULL,'[]','[]',NULL,NULL,'refused: no such name',NULL);
INSERT INTO "history" VALUES(8,2,'2','d50d6ef5ec5f46359abcb92e082d0495',1.79595586490307211873e+09,'waiting',NULL,'[]','[]',NULL,NULL,'missing_reference: contact: the record of stream contacts is not in the CRM yet',NULL);
INSERT INTO "history" VALUES(9,2,'1','d50d6ef5ec5f46359abcb92e082d0495',1.79595586493284511565e+09,'created','7','["id","name","email","contact"]','["ab2081c3a965aa01"]',NULL,NULL,'','[["id",null,1],["name",null,"members 1"],["email",null,"members1@example.org"],["contact",null,2]]');
INSERT INTO "history" VALUES(10,3,'1','d50d6ef5ec5f46359abcb92e082d0495',1.79595586495347690585e+09,'created','"v-8"','["id","name"]','[]',NULL,NULL,'','[["id",null,1],["name",null,"visits 1"]]');
INSERT INTO "history" VALUES(11,4,'1','d50d6ef5ec5f46359abcb92e082d0495',1.79595586497151780123e+09,'created','9','["id","name"]','[]',NULL,NULL,'','[["id",null,1],["name",null,"once 1"]]');
INSERT INTO "history" VALUES(12,5,'1','d50d6ef5ec5f46359abcb92e082d0495',1.79595586498567867279e+09,'created','"1"','["id","name"]','[]',NULL,NULL,'','[["id",null,1],["name",null,"keyed 1"]]');
INSERT INTO "history" VALUES(13,1,'1','201362d2db68496d95af199b0f6a7eaa',1.79595586835979318619e+09,'updated','2','["id","name","email","title"]','["d9766a5dd8985889"]',NULL,NULL,'',NULL);
INSERT INTO "history" VALUES(14,1,'leaver','201362d2db68496d95af199b0f6a7eaa',1.79595586843438839914e+09,'deleted','5','[]','[]',NULL,NULL,'deleted at the source',NULL);
INSERT INTO "history" VALUES(15,3,'1','f34f0972e22e46cfb17a807fcb26720c',1.79595587104795145986e+09,'updated','"v-8"','["id","name"]','[]',NULL,NULL,'',NULL);
INSERT INTO "history" VALUES(16,4,'1','4a298a5fc8cd459a9611709dba743134',1.79595587293924045563e+09,'rejected',NULL,'[]','[]',NULL,NULL,'no_endpoint: It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to append-only to send every version.',NULL);
INSERT INTO "history" VALUES(17,6,'2','76debc628d8244c7bc89f14fb08b169a',1.79595587440120291709e+09,'updated','3','["id"]','["16185ef563216ec0"]',NULL,NULL,'matched by {find}',NULL);
INSERT INTO "intents" VALUES(1,'10','create',NULL,'{"id":10,"name":"contacts 10","email":"contacts10@example.org","{source}":["contacts","10",null]}','{"{find}":["{\"email\":\"contacts10@example.org\"}"]}',X'D3390B36096A798120486DCDF2B2B825','5851de39a339655d765ec12c977779c5',1.79595587659605908392e+09,1795955876.0,'b4cef6cede074aba830f109b8fd05969','[]');
INSERT INTO "intents" VALUES(2,'1','update','7','{"id":1,"name":"Changed","email":"members1@example.org","{source}":["members","1",1795955864.932845]}','{"{find}":["{\"email\":\"members1@example.org\"}"]}',X'1D7C7EFD0C60F1A0289C38A8FD1A209A','fe451f720637565f9dd5727caaf7e543',1.79595587803556847568e+09,1.79595587803556847568e+09,'6536cba053184e8fb8ae4c03577ce53d','[]');
INSERT INTO "intents" VALUES(2,'11','create',NULL,'{"id":11,"name":"members 11","email":"members11@example.org","{source}":["members","11",null]}','{"{find}":["{\"email\":\"members11@example.org\"}"]}',X'85D0F1690D36A803504CFE695D2B3386','00789ab947fe805bea1a51df2f4eb8c3',1.79595587735678601263e+09,1795955877.0,'0a48480c1f5045bcaeaeb36038aea6e6','[]');
INSERT INTO "intents" VALUES(3,'2','create',NULL,'{"id":2,"name":"visits 2","{source}":["visits","2",null]}','{}',X'5F28528127FE9642D88E1B1626BB8152','faf9639ff9e0a2159861b5acf9c6c705',1.79595587870321321492e+09,1.79595587870321321492e+09,'1f28491a7cc4466ca713e0c6073d3ca3','[]');
INSERT INTO "intents" VALUES(5,'2','create',NULL,'{"id":2,"name":"keyed 2","{source}":["keyed","2",null]}','{}',X'899F71F6EA9C4659C12436C28009402A','5914f89c55ed79437e97ad758b2c1564',1.79595587937119174001e+09,1.79595587937119174001e+09,'2997fa74d1874c81934b46fbe5146db7','[]');
INSERT INTO "ledger_version" VALUES(2);
INSERT INTO "objects" VALUES(1,'http','127.0.0.1:@PORT@/http','endpoint:contacts');
INSERT INTO "objects" VALUES(2,'http','127.0.0.1:@PORT@/http','endpoint:members');
INSERT INTO "objects" VALUES(3,'http','127.0.0.1:@PORT@/http','endpoint:visits');
INSERT INTO "objects" VALUES(4,'http','127.0.0.1:@PORT@/http','endpoint:once');
INSERT INTO "objects" VALUES(5,'http','127.0.0.1:@PORT@/http','endpoint:keyed');
INSERT INTO "records" VALUES(1,'1','2','created',X'8C173F82954AB7F36396B4B0B5670C92','8a8f1caca1cdb9c543d3afa35ef038f1',1.79595586835979318619e+09,'201362d2db68496d95af199b0f6a7eaa');
INSERT INTO "records" VALUES(1,'2','3','created',X'7584EBE4418F73BAD96FA2527F9708BB','436a32585c63d6536b4e7ba455479240',1.79595586486511015885e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(1,'3','4','created',X'9BBD2C3A57CCA0E97CCCF147EB2EE7E0','f8fe686e62d10e66cfd168a8ebe6454c',1.79595586486511015885e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(1,'4','6','created',X'B2A146D41B0E4C0A082305F49C51E827','de95a67e546bec7bb96976d50bd3a1d7',1.79595586487628149988e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(1,'leaver',NULL,'created',NULL,NULL,1.79595586843301534656e+09,'201362d2db68496d95af199b0f6a7eaa');
INSERT INTO "records" VALUES(1,'matched','1','matched',X'7D9EE388066B4EE232A1CF1C72DBF209','c475752c479d93cc72212cca8f750a28',1795955864.84552,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(2,'1','7','created',X'AA966347C8AF3FD6BB2F1F1A2F3AEE39','e9801d1b6329c9c148df143d14260232',1.79595586493284511565e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(3,'1','"v-8"','created',X'D8366AABA0DBF65D42E3B088965E5D49','14415099a34223ed82b88a612980cd47',1.79595587104795145986e+09,'f34f0972e22e46cfb17a807fcb26720c');
INSERT INTO "records" VALUES(4,'1','9','created',X'DDB6C081C92A9B402B4198BE2C74218B','ee568c2519638ad857c469d4750ea682',1.79595586497151780123e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(5,'1','"1"','created',X'DBE4DDFE02CF6DC7FC2004A3640E527C','d7e6d7575dff0c770e4cb0391f820637',1.79595586498567867279e+09,'d50d6ef5ec5f46359abcb92e082d0495');
INSERT INTO "records" VALUES(6,'2','3','matched',X'7584EBE4418F73BAD96FA2527F9708BB','436a32585c63d6536b4e7ba455479240',1.79595587440120291709e+09,'76debc628d8244c7bc89f14fb08b169a');
INSERT INTO "schemas" VALUES('4ab6157db6b2ab3402293495392da343',X'7B2274797065223A2022534348454D41222C202273747265616D223A2022636F6E7461637473222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226E616D65223A207B7D2C2022656D61696C223A207B7D2C20227469746C65223A207B7D2C20225F7364635F64656C657465645F6174223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "schemas" VALUES('17a34b098369d8c5ac88355cc0851bb1',X'7B2274797065223A2022534348454D41222C202273747265616D223A20226F6E6365222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226E616D65223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "schemas" VALUES('ad197fa040d820a719a5ba7537a02dda',X'7B2274797065223A2022534348454D41222C202273747265616D223A20226D656D62657273222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226E616D65223A207B7D2C2022656D61696C223A207B7D2C2022636F6E74616374223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "scopes" VALUES(1,1,'default','contacts');
INSERT INTO "scopes" VALUES(2,2,'default','members');
INSERT INTO "scopes" VALUES(3,3,'default','visits');
INSERT INTO "scopes" VALUES(4,4,'default','once');
INSERT INTO "scopes" VALUES(5,5,'default','keyed');
INSERT INTO "scopes" VALUES(6,1,'other','contacts');
INSERT INTO "waits" VALUES(2,'2','contacts','late');
