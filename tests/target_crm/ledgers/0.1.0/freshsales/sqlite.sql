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
INSERT INTO "fresh_keys" VALUES(1,'name','account 1','31003638274',1.79595577748302197458e+09);
INSERT INTO "fresh_keys" VALUES(1,'name','zürich','31003638275',1.79595577748302197458e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','c1@example.org','31016358307',1.7959557816729860305e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','c2@example.org','31016358308',1.79595578279001712803e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','c3@example.org','31016358309',1.79595578056023454666e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','c4@example.org','31016358310',1.79595578056023454666e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','cleaver@example.org','31016358311',1.79595578056023454666e+09);
INSERT INTO "fresh_keys" VALUES(2,'emails','cmatched@example.org','31016358306',1.79595578056023454666e+09);
INSERT INTO "fresh_keys" VALUES(3,'name','deals 1','31001944158',1.79595578058344531062e+09);
INSERT INTO "fresh_keys" VALUES(3,'name','deals 2','31001944159',1.79595578059549546238e+09);
INSERT INTO "fresh_keys" VALUES(3,'name','offers 3','31001944160',1.79595578060804533957e+09);
INSERT INTO "held" VALUES(2,'3',3,'deleting','delete','',NULL,'{"object":"contacts","crm_id":31016358309,"scope_id":2}',X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A20332C20226C6173745F6E616D65223A2022436F6E746163742033222C2022656D61696C223A20226333406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','7460ea6adfe2ae9ea0925a72e59a5be6',1.79595578372978019717e+09,'521cda9517044b4a900480ab1babd70f');
INSERT INTO "held" VALUES(2,'4',4,'deleting','delete','',NULL,'{"object":"contacts","crm_id":31016358310,"scope_id":2}',X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A20342C20226C6173745F6E616D65223A2022436F6E746163742034222C2022656D61696C223A20226334406578616D706C652E6F7267222C20225F7364635F64656C657465645F6174223A2022323032362D30312D30315430303A30303A30305A227D7D','7460ea6adfe2ae9ea0925a72e59a5be6',1.79595578375384831433e+09,'521cda9517044b4a900480ab1babd70f');
INSERT INTO "held" VALUES(2,'waiting',1,'waiting','missing_reference','sales_accounts: the record of stream accounts is not in the CRM yet',NULL,NULL,X'7B2274797065223A20225245434F5244222C202273747265616D223A2022636F6E7461637473222C20227265636F7264223A207B226964223A202277616974696E67222C20226C6173745F6E616D65223A2022436F6E746163742077616974696E67222C2022656D61696C223A20226377616974696E67406578616D706C652E6F7267222C20226163636F756E74223A20226C617465227D7D','7460ea6adfe2ae9ea0925a72e59a5be6',1.79595577750686407085e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "held" VALUES(3,'refused',2,'rejected','refused','Sales owner is invalid',400,'{"crm_id":null,"payload":{"name":"deals refused","amount":5,"owner_id":999999999},"answer":"{\"errors\":{\"code\":400,\"message\":[\"Sales owner is invalid\"]}}"}',X'7B2274797065223A20225245434F5244222C202273747265616D223A20226465616C73222C20227265636F7264223A207B226964223A202272656675736564222C20226E616D65223A20226465616C732072656675736564222C2022616D6F756E74223A20352C20226F776E65725F6964223A203939393939393939397D7D','315b2175ac0085f817265e48e71b6c4e',1.79595578059903335571e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "history" VALUES(1,1,'1','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595577748302197458e+09,'created','31003638274','["name"]','["3556db072818e3e5"]',NULL,NULL,'','[["name",null,"Account 1"]]');
INSERT INTO "history" VALUES(2,1,'Zürich/2','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595577748302197458e+09,'created','31003638275','["name"]','["3725b210cc67cf84"]',NULL,NULL,'','[["name",null,"Zürich"]]');
INSERT INTO "history" VALUES(3,2,'waiting','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595577750686407085e+09,'waiting',NULL,'[]','[]',NULL,NULL,'missing_reference: sales_accounts: the record of stream accounts is not in the CRM yet',NULL);
INSERT INTO "history" VALUES(4,2,'1','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'created','31016358307','["last_name","emails","sales_accounts"]','["4af7e891a726b1d1"]',NULL,NULL,'','[["last_name",null,"Contact 1"],["emails",null,[{"value":"c1@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO "history" VALUES(5,2,'2','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'created','31016358308','["last_name","emails","sales_accounts"]','["10e4c9019ff65684"]',NULL,NULL,'','[["last_name",null,"Contact 2"],["emails",null,[{"value":"c2@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO "history" VALUES(6,2,'3','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'created','31016358309','["last_name","emails","sales_accounts"]','["74a623b581968d7e"]',NULL,NULL,'','[["last_name",null,"Contact 3"],["emails",null,[{"value":"c3@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO "history" VALUES(7,2,'4','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'created','31016358310','["last_name","emails","sales_accounts"]','["1408b67c64e39b3e"]',NULL,NULL,'','[["last_name",null,"Contact 4"],["emails",null,[{"value":"c4@example.org"}]],["sales_accounts",null,[{"id":31003638274,"is_primary":true}]]]');
INSERT INTO "history" VALUES(8,2,'matched','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'updated','31016358306','["last_name","emails","job_title"]','["0b04ca9e32cbf670"]',NULL,NULL,'matched by emails','[["last_name",null,"Contact matched"],["emails",null,[{"value":"cmatched@example.org"}]],["job_title",null,"Director"]]');
INSERT INTO "history" VALUES(9,2,'leaver','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578056023454666e+09,'created','31016358311','["last_name","emails"]','["c2db603e48217a5b"]',NULL,NULL,'','[["last_name",null,"Contact leaver"],["emails",null,[{"value":"cleaver@example.org"}]]]');
INSERT INTO "history" VALUES(10,3,'1','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578058344531062e+09,'created','31001944158','["name","amount","sales_account_id"]','["25c7ead55097bc36"]',NULL,NULL,'','[["name",null,"deals 1"],["amount",null,5],["sales_account_id",null,31003638274]]');
INSERT INTO "history" VALUES(11,3,'2','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578059549546238e+09,'created','31001944159','["name","amount"]','["b08834a919c7a805"]',NULL,NULL,'','[["name",null,"deals 2"],["amount",null,5]]');
INSERT INTO "history" VALUES(12,3,'refused','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578059903335571e+09,'rejected',NULL,'[]','[]',NULL,NULL,'refused: Sales owner is invalid',NULL);
INSERT INTO "history" VALUES(13,4,'3','2f5637dcbdc54ae29d8cd32c78ff0882',1.79595578060804533957e+09,'created','31001944160','["name","amount"]','["d1e53b74d132c12f"]',NULL,NULL,'','[["name",null,"offers 3"],["amount",null,5]]');
INSERT INTO "history" VALUES(14,2,'1','5afbd49879894345951c28a123b15e5e',1.7959557816729860305e+09,'updated','31016358307','["last_name","emails","job_title","sales_accounts"]','["4af7e891a726b1d1"]',NULL,NULL,'',NULL);
INSERT INTO "history" VALUES(15,2,'leaver','5afbd49879894345951c28a123b15e5e',1.79595578174127173424e+09,'deleting','31016358311','[]','[]','{"id":31016358311,"first_name":null,"last_name":"Contact leaver","email":"cleaver@example.org","emails":[{"id":31015000006,"value":"cleaver@example.org","is_primary":true,"label":null,"_destroy":false}],"mobile_number":null,"work_number":null,"external_id":null,"owner_id":null,"territory_id":null,"subscription_status":null,"subscription_types":null,"lifecycle_stage_id":32009647298,"contact_status_id":31000543557,"tags":[],"job_title":null,"time_zone":null,"address":null,"city":null,"state":null,"zipcode":null,"country":null,"facebook":null,"twitter":null,"linkedin":null,"lead_source_id":null,"campaign_id":null,"medium":null,"keyword":null,"custom_field":{"cf_loyalty_tier":null,"cf_customer_no":null,"cf_newsletter":null,"cf_score":null,"cf_renewal_date":null,"cf_interests":null},"display_name":"Contact leaver","last_seen":null,"lead_score":0,"open_deals_amount":"0.0","open_deals_count":0,"won_deals_amount":"0.0","won_deals_count":0,"last_contacted":null,"last_contacted_mode":null,"web_form_ids":null,"avatar":null,"recent_note":null,"last_contacted_via_sales_activity":null,"last_contacted_sales_activity_mode":null,"completed_sales_sequences":null,"active_sales_sequences":null,"last_assigned_at":null,"is_deleted":false,"team_user_ids":null,"creater_id":31000148397,"updater_id":null,"created_at":"2026-11-29T12:36:17+00:00","updated_at":"2026-11-29T12:36:17+00:00","record_type_id":"70016358306","customer_fit":0,"whatsapp_subscription_status":2,"sms_subscription_status":2,"system_tags":[],"first_campaign":null,"first_medium":null,"first_source":null,"last_campaign":null,"last_medium":null,"last_source":null,"latest_campaign":null,"latest_medium":null,"latest_source":null,"mcr_id":null,"phone_numbers":[],"links":{"conversations":"/crm/sales/contacts/31016358311/conversations","timeline_feeds":"/crm/sales/contacts/31016358311/timeline_feeds","document_associations":"/crm/sales/contacts/31016358311/document_associations","notes":"/crm/sales/contacts/31016358311/notes","tasks":"/crm/sales/contacts/31016358311/tasks","appointments":"/crm/sales/contacts/31016358311/appointments"},"sales_accounts":[],"sales_account":null}',NULL,'deleted at the source',NULL);
INSERT INTO "history" VALUES(16,2,'leaver','5afbd49879894345951c28a123b15e5e',1.79595578176074433321e+09,'deleted','31016358311','[]','[]',NULL,NULL,'deleted at the source',NULL);
INSERT INTO "history" VALUES(17,5,'2','f47100e8d7a34eaab2922afa2e0f0e77',1.79595578279001712803e+09,'updated','31016358308','["last_name","emails"]','["10e4c9019ff65684"]',NULL,NULL,'matched by emails',NULL);
INSERT INTO "intents" VALUES(3,'1','update','31001944158','{"name":"deals 1","amount":7,"sales_account_id":31003638274}','{"name":["deals 1"]}',X'D75054A31304E830D7F0D0793A4EA930','cbb6bf4391dfbd1fd3ae09cacb94d97a',1.79595578553963446622e+09,1795955785.0,'c917f3bb27d545d5825e0fe6d90096a2','[]');
INSERT INTO "intents" VALUES(4,'4','create',NULL,'{"name":"offers 4","amount":5}','{"name":["offers 4"]}',X'C06FFC9351DCF267FA311EE98E3B075D','117e7b1a2627e510d860a3df45f110e6',1.79595578642113089563e+09,1795955786.0,'a6fda74d931e4266b5797038d6a6925c','[]');
INSERT INTO "intents" VALUES(6,'10','upsert',NULL,'{"last_name":"Contact 10","emails":[{"value":"c10@example.org"}]}','{"emails":["c10@example.org"]}',X'DB9E5E0DE69A356F014A6BACB7E0A0F2','6b03a680fd8a8665095311b48d8c407b',1.79595578457186937334e+09,1795955784.0,'c1429fb6a1c04c9fb259dc0f94742e2b','[]');
INSERT INTO "intents" VALUES(6,'11','upsert',NULL,'{"last_name":"Contact 11","emails":[{"value":"c11@example.org"}]}','{"emails":["c11@example.org"]}',X'7B19A647ECCAF665FE7370707B522ADF','68ef002363de92f5624a9da69882ccd1',1.79595578457186937334e+09,1795955784.0,'c1429fb6a1c04c9fb259dc0f94742e2b','[]');
INSERT INTO "ledger_version" VALUES(2);
INSERT INTO "links" VALUES(4,'3','sales_account_id','accounts','late','',1.79595578060804533957e+09);
INSERT INTO "objects" VALUES(1,'freshsales','127.0.0.1:@PORT@/freshsales/crm/sales/api','sales_accounts');
INSERT INTO "objects" VALUES(2,'freshsales','127.0.0.1:@PORT@/freshsales/crm/sales/api','contacts');
INSERT INTO "objects" VALUES(3,'freshsales','127.0.0.1:@PORT@/freshsales/crm/sales/api','deals');
INSERT INTO "records" VALUES(1,'1','31003638274','created',X'E17E62A7CFE6F9C5852A6D4AA293DE05','6774d001132f2ad08a08c76fb2834f5f',1.79595577748302197458e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(1,'Zürich/2','31003638275','created',X'368E03888C382F122C3E5D25BC616625','d5c7fff60138828e9953374a4240e612',1.79595577748302197458e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(2,'1','31016358307','created',X'25C1FEEA461B9F3BCC07D8C84D80D8B7','b345427a8033ad3e5038d4e1f3d83178',1.7959557816729860305e+09,'5afbd49879894345951c28a123b15e5e');
INSERT INTO "records" VALUES(2,'2','31016358308','created',X'6243DD81E9F2B0A8A63FBE8D7E79BD4F','25a063758099980660eaf68714ac0669',1.79595578056023454666e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(2,'3','31016358309','created',X'4E6D33192C2CAAAC8BD99971D0331F8E','4c4e0f03a21b78933eed96967e45f54e',1.79595578056023454666e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(2,'4','31016358310','created',X'E481BE49AB9C774D71F4E4B77C00B6AD','92a002fd7fb573f144822e224f9b040b',1.79595578056023454666e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(2,'leaver',NULL,'created',NULL,NULL,1.79595578175482726091e+09,'5afbd49879894345951c28a123b15e5e');
INSERT INTO "records" VALUES(2,'matched','31016358306','matched',X'7C533E86371C6D839BA8552724F5E282','5e9fb0473a5d3615ff8580ced230dcd7',1.79595578056023454666e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(3,'1','31001944158','created',X'518D313A5F5CDCFA30AE6F190F711699','2a7b72f3a6ab2ccff30a714da8e87c5e',1.79595578058344531062e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(3,'2','31001944159','created',X'D6D06C8F085596A2ABA0065C5782C01A','170c4f71f9f8aece3ca98c4451ad0cdd',1.79595578059549546238e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(4,'3','31001944160','created',X'36D4C3216907DEEBFD059508F5647F6C','fde4e900efa25aac8417d63ff6318876',1.79595578060804533957e+09,'2f5637dcbdc54ae29d8cd32c78ff0882');
INSERT INTO "records" VALUES(5,'2','31016358308','matched',X'782C8B1CC8452EFE028CE2A653AF0038','0a89cd2437732be1eebe2ea0a3346143',1.79595578279001712803e+09,'f47100e8d7a34eaab2922afa2e0f0e77');
INSERT INTO "schemas" VALUES('315b2175ac0085f817265e48e71b6c4e',X'7B2274797065223A2022534348454D41222C202273747265616D223A20226465616C73222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226E616D65223A207B7D2C2022616D6F756E74223A207B7D2C20226163636F756E74223A207B7D2C20226F776E65725F6964223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "schemas" VALUES('7460ea6adfe2ae9ea0925a72e59a5be6',X'7B2274797065223A2022534348454D41222C202273747265616D223A2022636F6E7461637473222C2022736368656D61223A207B2274797065223A20226F626A656374222C202270726F70657274696573223A207B226964223A207B7D2C20226C6173745F6E616D65223A207B7D2C2022656D61696C223A207B7D2C20226A6F625F7469746C65223A207B7D2C20226163636F756E74223A207B7D2C20225F7364635F64656C657465645F6174223A207B7D7D7D2C20226B65795F70726F70657274696573223A205B226964225D7D');
INSERT INTO "scopes" VALUES(1,1,'default','accounts');
INSERT INTO "scopes" VALUES(2,2,'default','contacts');
INSERT INTO "scopes" VALUES(3,3,'default','deals');
INSERT INTO "scopes" VALUES(4,3,'default','offers');
INSERT INTO "scopes" VALUES(5,2,'other','contacts');
INSERT INTO "scopes" VALUES(6,2,'default','new_contacts');
INSERT INTO "waits" VALUES(2,'waiting','accounts','late');
