//! Web applications in Python: served through an HTTP API, and their management commands.

use crate::harness::{Project, get, post};
use serde_json::json;

#[test]
fn flask_is_served_and_managed() {
    let project = Project::new(
        "provider: { name: aws, runtime: python3.12 }\nfunctions:\n  web:\n    wsgi: app.app\n    events: [httpApi: '*']\n",
    );
    project.file("requirements.txt", "flask==3.1.2\n");
    project.file(
        "app.py",
        "from flask import Flask, request\n\napp = Flask(__name__)\n\n@app.get('/greet/<name>')\ndef greet(name):\n    \
         return {'says': f'hello {name}', 'asks': request.args.get('q')}\n\n@app.post('/echo')\ndef echo():\n    \
         return request.get_json()\n\n@app.cli.command('tea')\ndef tea():\n    print('green')\n",
    );
    project.ok(&["deploy"]);
    let url = project.endpoint("HttpApiUrl");
    assert_eq!(get(&format!("{url}/greet/ada?q=1")), json!({ "says": "hello ada", "asks": "1" }));
    assert_eq!(post(&format!("{url}/echo"), &json!({ "tea": "☕" })), json!({ "tea": "☕" }));
    assert_eq!(project.ok(&["invoke", "web", "--wsgi", "flask", "tea"]).trim(), "green");
    assert_eq!(project.ok(&["invoke", "--wsgi", "exec", "print(6 * 7)"]).trim(), "42");
    let (code, _) = project.fails(&["invoke", "--wsgi", "command", "exit 3"]);
    assert_eq!(code, 1);
}

#[test]
fn fastapi_is_served() {
    let project = Project::new(
        "provider: { name: aws, runtime: python3.12 }\nfunctions:\n  web:\n    asgi: app.app\n    events: [httpApi: '*']\n",
    );
    project.file("requirements.txt", "fastapi==0.121.0\n");
    project.file(
        "app.py",
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/greet/{name}')\nasync def greet(name: str):\n    \
         return {'says': f'hello {name}'}\n",
    );
    project.ok(&["deploy"]);
    assert_eq!(get(&format!("{}/greet/ada", project.endpoint("HttpApiUrl"))), json!({ "says": "hello ada" }));
}

#[test]
fn django_is_served_and_migrated() {
    let project = Project::new(
        "provider:\n  name: aws\n  runtime: python3.12\n  environment: { DJANGO_SETTINGS_MODULE: shop.settings }\n\
         functions:\n  web:\n    wsgi: shop.wsgi.application\n    events: [httpApi: '*']\n",
    );
    project.file("requirements.txt", "django==5.2.8\n");
    project.file("shop/__init__.py", "");
    project.file(
        "shop/settings.py",
        "SECRET_KEY = 'for the test'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'shop.urls'\nUSE_TZ = True\n\
         INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n\
         DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\n",
    );
    project.file(
        "shop/urls.py",
        "from django.http import JsonResponse\nfrom django.urls import path\n\n\
         urlpatterns = [path('greet/<name>', lambda request, name: JsonResponse({'says': f'hello {name}'}))]\n",
    );
    project.file(
        "shop/wsgi.py",
        "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n",
    );
    project.ok(&["deploy"]);
    assert_eq!(get(&format!("{}/greet/ada", project.endpoint("HttpApiUrl"))), json!({ "says": "hello ada" }));
    let migrated = project.ok(&["invoke", "web", "--wsgi", "manage", "migrate --noinput"]);
    assert!(migrated.contains("Applying auth.0001_initial... OK"), "{migrated}");
    let (code, err) = project.fails(&["invoke", "web", "--wsgi", "manage", "nonsense"]);
    assert_eq!(code, 1, "{err}");
}
