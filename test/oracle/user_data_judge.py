"""What cloud-init makes of user-data: the merged cloud-config, and the bytes of the files that it writes."""

import base64
import json
import os
import shutil

import yaml
from cloudinit import handlers, helpers, user_data, util
from cloudinit.config import cc_write_files
from cloudinit.handlers.cloud_config import CloudConfigPartHandler
from cloudinit.handlers.jinja_template import JinjaTemplatePartHandler
from cloudinit.settings import PER_INSTANCE
from cloudinit.sources.DataSourceNoCloud import DataSourceNoCloud

from warnings_log import recorded_warnings

class UserDataJudge:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "instance")

    def judge(self, encoded, meta_data):
        with recorded_warnings() as warnings:
            try:
                config = self.read(base64.b64decode(encoded), meta_data)
                files = [describe_file(entry) for entry in config.get("write_files") or []]
            except Exception as error:  # pylint: disable=broad-except
                return {"error": repr(error), "warnings": warnings}
        return {"config": json.loads(json.dumps(config, default=repr)), "files": files, "warnings": warnings}

    def read(self, raw, meta_data):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        paths = helpers.Paths({"cloud_dir": self.folder, "run_dir": self.folder})
        source = DataSourceNoCloud({}, None, paths)
        paths.datasource = source
        source.seed = "/var/lib/cloud/seed/nocloud"
        source.metadata = util.load_yaml(meta_data)
        instance = {"ds": {"meta_data": source.metadata}, "merged_cfg": {}, "sys_info": util.system_info()}
        instance.update(source._get_standardized_metadata(instance))
        with open(paths.get_runpath("instance_data_sensitive"), "w", encoding="utf-8") as file:
            file.write(util.json_dumps(instance))
        cloud_config = CloudConfigPartHandler(paths)
        known = helpers.ContentHandlers()
        for handler in (cloud_config, JinjaTemplatePartHandler(paths, sub_handlers=[cloud_config])):
            known.register(handler)
        message = user_data.UserDataProcessor(paths).process(raw)
        part = {
            "handlers": known,
            "handlerdir": self.folder,
            "data": None,
            "frequency": PER_INSTANCE,
            "handlercount": 0,
            "excluded": [],
        }
        handlers.walk(message, handlers.walker_callback, data=part)
        if not isinstance(cloud_config.cloud_buf, dict):
            raise ValueError("cloud-init takes it for no cloud-config")
        return cloud_config.cloud_buf


def describe_file(entry):
    extractions = cc_write_files.canonicalize_extraction(entry.get("encoding"))
    content = util.encode_text(cc_write_files.extract_contents(entry.get("content", ""), extractions))
    described = {"path": entry.get("path"), "content": base64.b64encode(content).decode()}
    if b"kubeadm.k8s.io/" in content:
        try:
            documents = list(yaml.safe_load_all(content.decode()))
            described["documents"] = json.loads(json.dumps(documents, default=repr))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            described["unreadable"] = type(error).__name__
    return described
